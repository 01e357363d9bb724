"""What is past its time goes, whole, and nothing else."""

import json
from datetime import timedelta

import pytest
from marker import MARKER, columns_with, files_with
from reading import Reader
from sqlalchemy import event, select, text, update

from service import audit
from service.callback.again import turn_on
from service.erasure import retention
from service.errors import Conflict
from service.intake import accept
from service.settings import settings
from service.store.models import Care, Delivery, Forum, Post, QueueItem, Revision, now
from workers import sweep
from workers.classify import read_all
from workers.deliver import replay
from workers.retention import Retention

OFF = {
    "keep_clean_days": 0,
    "keep_decided_days": 0,
    "keep_deleted_days": 0,
    "keep_deliveries_days": 0,
    "keep_audit_days": 0,
}


@pytest.fixture
def keep(choose):
    """`keep(clean=90)`: settings by which only that is forgotten."""
    return lambda **days: choose(**(OFF | {f"keep_{name}_days": number for name, number in days.items()}))


@pytest.fixture
def read(store, desk, chosen):
    """Submit posts by their ids, read them and have their callbacks sent, all so many days ago."""

    def read(days: int, **bodies: str) -> None:
        for id_, body in bodies.items():
            desk.submit(id_, body, author=MARKER, title=MARKER)
        read_all(store, Reader(), chosen)
        then = now() - timedelta(days=days)
        ids = select(Post.id).where(Post.external_id.in_(bodies))
        with store.write() as session:
            session.execute(update(Post).where(Post.id.in_(ids)).values(created_at=then))
            aged = update(Revision).where(Revision.post_id.in_(ids))
            session.execute(aged.values(finished_at=then, received_at=then))
            session.execute(update(QueueItem).where(QueueItem.post_id.in_(ids)).values(created_at=then))
            sent = update(Delivery).where(Delivery.post_id.in_(ids)).values(state="delivered", due_at=then)
            session.execute(sent)

    return read


def left(store) -> set[str]:
    with store.read() as session:
        return set(session.scalars(select(Post.external_id)))


def item(store, id_: str, **values) -> None:
    """Change the item of a post."""
    post = select(Post.id).where(Post.external_id == id_).scalar_subquery()
    with store.write() as session:
        session.execute(update(QueueItem).where(QueueItem.post_id == post).values(**values))


def test_what_was_clean_goes_and_what_is_newer_or_in_the_queue_stays(store, read, keep):
    read(91, old="words", queued="a crisis")
    read(89, new="words")
    assert retention.keep_to(store, keep(clean=90)) == 1
    assert left(store) == {"queued", "new"}
    assert retention.keep_to(store, keep(clean=90)) == 0


def test_what_was_decided_goes_by_its_decision(store, read, keep):
    read(400, open="a crisis", old="a crisis", new="a crisis", gone="a crisis")
    item(store, "old", state="decided", decided_at=now() - timedelta(days=366))
    item(store, "new", state="decided", decided_at=now() - timedelta(days=364))
    item(store, "gone", state="withdrawn")
    assert retention.keep_to(store, keep(clean=90, decided=365)) == 2
    assert left(store) == {"open", "new"}


def test_what_waits_to_be_read_or_sent_stays(store, desk, read, keep):
    read(400, edited="words", unsent="words", decided="a crisis")
    desk.submit("edited", "other words", revision=2)
    item(store, "decided", state="decided", decided_at=now() - timedelta(days=399))
    desk.submit("decided", "other words", revision=2)
    with store.write() as session:
        unsent = select(Post.id).where(Post.external_id == "unsent").scalar_subquery()
        session.execute(update(Delivery).where(Delivery.post_id == unsent).values(state="pending"))
    assert retention.keep_to(store, keep(clean=90, decided=365)) == 0
    assert left(store) == {"edited", "unsent", "decided"}


def test_what_was_deleted_goes_but_for_whom_somebody_looks_after(store, desk, read, keep):
    read(40, alone="words", cared="a crisis", lately="words")
    with store.write() as session:
        forum = session.get_one(Forum, desk.forum.id)
        for id_, days in (("alone", 31), ("cared", 31), ("lately", 29)):
            accept.delete(session, forum, id_, now() - timedelta(days=days))
    assert retention.keep_to(store, keep(deleted=30)) == 1
    assert left(store) == {"cared", "lately"}
    with store.write() as session:
        session.execute(update(Care).values(outcome="replied"))
    assert retention.keep_to(store, keep(deleted=30)) == 1
    assert left(store) == {"lately"}


def test_an_erased_post_stays_erased(store, desk, keep):
    desk.submit("1", MARKER)
    with store.write() as session:
        accept.erase(session, session.get_one(Forum, desk.forum.id), "1", now() - timedelta(days=400))
    assert retention.keep_to(store, keep(clean=1, decided=1, deleted=1)) == 0
    assert left(store) == {"1"}


def test_what_a_callback_said_goes_and_that_it_was_sent_stays(store, desk, read, keep):
    read(31, old="a crisis")
    read(29, new="a crisis")
    assert retention.keep_to(store, keep(deliveries=30)) == 1
    old, new = desk.deliveries()
    assert old.payload is None and old.state == "delivered" and new.payload
    with pytest.raises(Conflict, match="kept no longer"), store.write() as session:
        replay(session, old.id)
    with store.write() as session:
        assert turn_on(session, session.get_one(Forum, desk.forum.id)) == 0
    assert retention.keep_to(store, keep(deliveries=30)) == 0


def test_zero_keeps_everything(store, read, keep):
    read(9999, one="words", two="a crisis")
    item(store, "two", state="decided", decided_at=now() - timedelta(days=9999))
    assert retention.keep_to(store, keep()) == 0 and left(store) == {"one", "two"}


def test_nothing_of_it_is_left_and_it_may_come_again(store, desk, read, chosen, monkeypatch):
    monkeypatch.setattr("workers.retention.TURN_SECONDS", 600)
    read(400, one=f"{MARKER} in words", two=f"{MARKER} in a crisis")
    item(store, "two", state="decided", decided_at=now() - timedelta(days=399))
    assert columns_with(store)
    Retention().turn(store, chosen)
    assert columns_with(store) == [] and files_with(store) == [] and left(store) == set()
    desk.submit("one", "an edit of it", revision=2)
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"one": ["allow"]}


def test_the_sweeper_forgets_a_little_at_a_time_and_then_rests(store, read, settings_env, valkey, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 1)
    monkeypatch.setattr("workers.retention.TURN_SECONDS", 0)
    settings_env(HEED_KEEP_DELIVERIES_DAYS=0)
    read(91, one="words", two="words", three="words")
    sweeper = Retention()
    rounds = [sweeper.turn(store, settings()) for _ in range(5)]
    assert rounds == [1, 1, 1, 0, 0] and left(store) == set()
    read(91, four="words")
    assert sweeper.turn(store, settings()) == 0, "it rests for a while"
    sweep.once()
    assert left(store) == set()


def test_each_kind_is_found_by_an_index(store, keep):
    if not store.is_sqlite:
        pytest.skip("PostgreSQL reads a table this small from end to end")
    asked: list[tuple] = []

    def note(_connection, _cursor, statement, values, *_) -> None:
        asked.append((statement, values))

    with store.write() as session:
        audit.write(session, "showed")
    event.listen(store.engine, "before_cursor_execute", note)
    retention.keep_to(store, keep(clean=1, decided=1, deleted=1, deliveries=1, audit=1))
    event.remove(store.engine, "before_cursor_execute", note)
    selects = [each for each in asked if each[0].startswith("SELECT")]
    assert len(selects) == 7
    with store.read() as session:
        for statement, values in selects:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [row.detail for row in plan]
            # The newest cut is the last row of its table, wherever that is read from.
            walks = [step for step in steps if step.startswith("SCAN") and step != "SCAN audit_cut"]
            assert not walks and not any("TEMP B-TREE" in step for step in steps), steps


def test_an_operator_forgets_what_is_old(store, read, desk):
    from click.testing import CliRunner

    from workers.cli import main

    read(100, old="words", waiting="a crisis", shown="a crisis")
    read(10, new="words")
    item(store, "shown", state="decided", decided_at=now())
    asked = ["erase", "--older-than", "50", "--forum", "harbour"]
    assert CliRunner().invoke(main, asked, input="n\n").exit_code == 1 and len(left(store)) == 4
    done = CliRunner().invoke(main, [*asked, "--yes"], catch_exceptions=False)
    assert json.loads(done.output) == {"posts": 2, "older_than_days": 50, "state": "done"}
    assert left(store) == {"waiting", "new"}


def test_an_operator_erases_a_post_and_an_author(store, desk):
    from click.testing import CliRunner

    from workers.cli import main

    def erase(*arguments: str):
        return CliRunner().invoke(main, ["erase", "--forum", "harbour", *arguments, "--yes"], catch_exceptions=False)

    for id_ in ("1", "2", "3"):
        desk.submit(id_, MARKER, author=MARKER)
    assert json.loads(erase("--post", "1").output)["of"] == "post"
    receipt = json.loads(erase("--author", MARKER).output)
    assert (receipt["posts"], receipt["state"]) == (2, "done")
    assert columns_with(store) == [] and files_with(store) == []
    assert "no such post" in erase("--post", "4").output
    assert erase().exit_code == 2 and erase("--post", "1", "--author", "x").exit_code == 2
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE what LIKE 'erased%'")) == 4

"""The audit log: chained, added to only, and tampering shows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from service import audit
from service.store.models import AuditCut, AuditEntry, now
from workers.cli import main


@pytest.fixture
def log(store):
    with store.write() as session:
        for number in range(5):
            audit.write(session, "showed", post_id=f"post_{number}", verdict=f"verdict_{number}")
    return store


def tamper(store, statement: str) -> None:
    """Change the table as somebody with the database in their hands would: without its triggers."""
    with store.write() as session:
        if store.is_sqlite:
            for change in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER audit_entry_no_{change}"))
        else:
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_change"))
        session.execute(text(statement))
        if not store.is_sqlite:
            session.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_no_change"))


def test_an_untouched_chain_holds(log):
    with log.read() as session:
        chain = audit.verify(session)
        newest = session.scalar(select(AuditEntry.hash).where(AuditEntry.number == 5))
    assert (chain.entries, chain.problem, chain.last_hash) == (5, "", newest)


def test_an_empty_log_holds(store):
    with store.read() as session:
        assert audit.verify(session) == audit.Chain(0, audit.FIRST)


@pytest.mark.parametrize(
    ("statement", "before", "said"),
    [
        ("UPDATE audit_entry SET what = 'decided' WHERE number = 3", 2, "entry 3 was changed"),
        ("UPDATE audit_entry SET post_id = 'post_9' WHERE number = 1", 0, "entry 1 was changed"),
        ("UPDATE audit_entry SET detail = '{}' WHERE number = 4", 3, "entry 4 was changed"),
        ("UPDATE audit_entry SET created_at = '2020-01-01 00:00:00+00:00' WHERE number = 5", 4, "entry 5 was changed"),
        ("DELETE FROM audit_entry WHERE number = 2", 1, "entry 2 is missing"),
    ],
)
def test_tampering_shows(log, statement, before, said):
    if log.is_sqlite:
        statement = statement.replace("+00:00", "")
    tamper(log, statement)
    with log.read() as session:
        chain = audit.verify(session)
    assert chain.entries == before and said in chain.problem


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET what = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_any_change(log, statement):
    with pytest.raises(DatabaseError, match="only ever added to"), log.write() as session:
        session.execute(text(statement))
    with log.read() as session:
        assert audit.verify(session).entries == 5


def test_entries_of_many_at_once_take_turns(store):
    def add(number: int) -> None:
        with store.write() as session:
            audit.write(session, "showed", post_id=f"post_{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    with store.read() as session:
        assert audit.verify(session).entries == 24


def test_what_is_rolled_back_leaves_no_gap(log):
    with pytest.raises(RuntimeError), log.write() as session:
        audit.write(session, "showed", post_id="post_x")
        raise RuntimeError
    with log.write() as session:
        assert audit.write(session, "showed", post_id="post_y").number == 6
    with log.read() as session:
        assert audit.verify(session).problem == ""


def test_the_command_says_whether_it_holds(log):
    run = CliRunner().invoke(main, ["audit", "verify"])
    assert run.exit_code == 0 and "5 entries hold" in run.output
    last = run.output.split()[-1]
    assert CliRunner().invoke(main, ["audit", "verify", "--expect", last]).exit_code == 0
    run = CliRunner().invoke(main, ["audit", "verify", "--expect", "0" * 64])
    assert run.exit_code == 1 and "rewritten" in run.output
    tamper(log, "UPDATE audit_entry SET what = 'decided' WHERE number = 3")
    run = CliRunner().invoke(main, ["audit", "verify"])
    assert run.exit_code == 1 and "entry 3 was changed" in run.output


# Cut


@pytest.fixture
def older(store, monkeypatch):
    """Five entries of which three are a year old."""
    with store.write() as session:
        for days in (400, 399, 398, 3, 2):
            monkeypatch.setattr(audit, "now", lambda days=days: now() - timedelta(days=days))
            audit.write(session, "showed", post_id=f"post_{days}")
    monkeypatch.setattr(audit, "now", now)
    return store


def test_what_is_old_is_cut_off_and_the_chain_holds_on(older):
    with older.read() as session:
        third = session.scalar(select(AuditEntry.hash).where(AuditEntry.number == 3))
    with older.write() as session:
        assert audit.forget(session, now() - timedelta(days=365)) == 3
    with older.read() as session:
        chain = audit.verify(session)
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        assert (chain.entries, chain.problem) == (3, "")
        assert [entry.number for entry in entries] == [4, 5, 6]
        assert entries[-1].what == "cut_audit" and entries[-1].detail == {"number": "3", "hash": third}
        assert audit.has_hash(session, third) and audit.has_hash(session, chain.last_hash)
    with older.write() as session:
        assert audit.write(session, "showed").number == 7
        assert audit.forget(session, now() - timedelta(days=365)) == 0
        assert not audit.verify(session).problem


def test_the_log_is_cut_once_a_day_and_not_at_each_entry(older):
    with older.write() as session:
        assert audit.forget(session, now() - timedelta(days=399, hours=12)) == 0
        assert audit.forget(session, now() - timedelta(days=398, hours=12)) == 2


def test_what_was_not_cut_is_still_refused(older):
    with older.write() as session:
        audit.forget(session, now() - timedelta(days=365))
    with pytest.raises(DatabaseError, match="only ever added to"), older.write() as session:
        session.execute(text("DELETE FROM audit_entry WHERE number = 4"))
    with pytest.raises(DatabaseError, match="only ever added to"), older.write() as session:
        session.execute(text("UPDATE audit_entry SET what = 'x' WHERE number = 4"))


def test_a_cut_of_which_no_entry_tells_shows(older):
    with older.write() as session:
        fourth = session.scalar(select(AuditEntry).where(AuditEntry.number == 4))
        session.add(AuditCut(number=4, hash=fourth.hash))
        session.flush()
        session.execute(text("DELETE FROM audit_entry WHERE number <= 4"))
    with older.read() as session:
        assert "no entry says so" in audit.verify(session).problem

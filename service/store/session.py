"""One engine per process, and transactions on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria

from service.once import made_once
from service.settings import settings
from service.store.models import Forum, QueueItem, Revision
from service.store.room import Room
from service.store.turn import Turn

THEIR_FORUMS = "forums"
"""Key in a session's `info`: ids of the forums that it is kept to."""
PRAGMAS = ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
"""SQLite: patience first, readers beside a writer, nothing lost in a power cut, references held, erasure overwrites."""


class Store:
    """A database and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._single = sessionmaker(self._by_statement, expire_on_commit=False)
        self._turn = Turn() if self.is_sqlite else nullcontext()
        self.room = Room()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def _by_statement(self) -> Engine:
        """The same connections, each statement a transaction of its own; SQLite's are so until a BEGIN."""
        return self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self, forums: frozenset[str] | None = None) -> Iterator[Session]:
        """One read-write transaction: committed at the end, rolled back by any exception.

        On SQLite it takes the write lock at once, so that a read followed by a write never fails half-way. `forums` keeps
        it to what belongs to the forums of these ids, whatever its queries forget to ask.
        """
        with self._turn, self._sessions(info={THEIR_FORUMS: forums}) as session, session.begin():
            if self.is_sqlite:
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    @contextmanager
    def read(self, forums: frozenset[str] | None = None) -> Iterator[Session]:
        """A read-only view; nothing done in it is kept. `forums` as in `write`."""
        with self._sessions(info={THEIR_FORUMS: forums}) as session:
            if self.is_sqlite:
                session.connection().exec_driver_sql("BEGIN")
            yield session
            # What was read stays usable afterwards; a rollback alone would expire it.
            session.expunge_all()
            session.rollback()

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """A read-only view for one single query, which needs no transaction around it."""
        with self._single() as session:
            yield session
            session.expunge_all()

    def overwrite_log(self) -> bool:
        """Leave nothing of what was erased in SQLite's write-ahead log; the file itself is overwritten at once.

        False where somebody reads just now. PostgreSQL keeps its own time (docs/security.md).
        """
        if not self.is_sqlite:
            return True
        with self.engine.connect() as connection:
            # Writers wait meanwhile, so not for long.
            connection.exec_driver_sql("PRAGMA busy_timeout=1000")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            connection.exec_driver_sql(f"PRAGMA {PRAGMAS[0]}")
        return not busy

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    # What a statement is given holds posts: no error and no log, at whatever level, may say it.
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 15}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # noqa: ANN001
        # The driver's own implicit BEGIN would come too late for BEGIN IMMEDIATE: transactions are ours to open.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _says_no_row(record: logging.LogRecord) -> bool:
    """Whether a record of SQLAlchemy's may be logged: at its finest level it says every row that is read."""
    return record.levelno > logging.DEBUG


logging.getLogger("sqlalchemy.engine.Engine").addFilter(_says_no_row)


@event.listens_for(Session, "do_orm_execute")
def _keep_to_forums(state: ORMExecuteState) -> None:
    forums = state.session.info.get(THEIR_FORUMS)
    if forums is None or state.is_insert or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(QueueItem, QueueItem.forum_id.in_(forums)),
        with_loader_criteria(Revision, Revision.forum_id.in_(forums)),
        with_loader_criteria(Forum, Forum.id.in_(forums)),
    )


@made_once
def store() -> Store:
    """The store of this process, by its settings."""
    return Store(settings().database)

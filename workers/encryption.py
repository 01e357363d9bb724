"""`heed encryption`: what stands in the database is written anew by the newest key, while Heed runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from sqlalchemy import ColumnElement, RowMapping, Table, bindparam, func, or_, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from service import audit
from service.errors import ValueDamaged
from service.keyring import OFF
from service.settings import settings
from service.store import Store
from service.store.encrypted import Damaged, columns_of, keys
from service.store.models import Base, Forum, Revision
from workers import stopping

CHUNK = 100
"""Rows written in one transaction: so long others wait for SQLite's lock, or for one of these rows."""
PAUSE_SECONDS = 0.02
"""Between two transactions, so that others come in between."""
LOCKED_SECONDS = 1.0
"""Before rows that somebody held are looked at again."""
PLAIN = "readable"
"""What `count` calls values that no key encrypts."""


def check_keys() -> None:
    """Whether this process has the keys: what was written last, and the forums' secrets, can be read.

    Raises EncryptionKeyMissing where not. A database that does not answer, or is not made yet, is for others to tell of.
    """
    newest = select(Revision.body).order_by(Revision.id.desc()).limit(1)
    # Not the process's own: it may be about to fork, and no connection may be shared by that.
    where = Store(settings().database)
    with closing(where), suppress(SQLAlchemyError), where.read() as session:
        session.execute(select(Forum.webhook_secret, Forum.callback_secret)).all()
        session.execute(newest).all()


def rotate(where: Store, told: Callable[[int], None] = lambda _count: None) -> Counter[str]:
    """Write everything anew that is not written by the newest key, or as it is where that is `off`: how many rows of each
    table. `told` hears how many these are so far.

    Broken off at any time it has done what it has done; called again it goes on. What others hold is waited for. Raises
    ValueDamaged at what can't be read any more.
    """
    with where.write() as session:
        audit.write(session, "rotated_encryption", key=keys().newest or OFF)
    done: Counter[str] = Counter()
    for table in _tables():
        while _is_left(where, table) and not stopping.requested():
            before = done[table.name]
            for written in _pass(where, table):
                done[table.name] += written
                told(done.total())
            if done[table.name] == before:
                time.sleep(LOCKED_SECONDS)
    return +done


def count(where: Store) -> dict[str, Counter[str]]:
    """Values by column and the key that encrypts them, an empty value by none; it reads whole tables."""
    found = {}
    for table in _tables():
        for column in columns_of(table):
            key = column.type.key_of(column)
            query = select(func.coalesce(key, PLAIN), func.count()).where(column.type.is_worded(column)).group_by(key)
            with where.read() as session:
                found[f"{table.name}.{column.name}"] = Counter(dict(session.execute(query).all()))
    return found


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if columns_of(table)]


def _stale(table: Table) -> ColumnElement[bool]:
    newest = keys().newest
    return or_(*(column.type.is_stale(column, newest) for column in columns_of(table)))


def _is_left(where: Store, table: Table) -> bool:
    with where.read() as session:
        return session.execute(select(1).select_from(table).where(_stale(table)).limit(1)).first() is not None


def _pass(where: Store, table: Table):  # noqa: ANN202
    """Go through the table once, in the order of its primary key; how many rows were written, few by few."""
    key, columns = list(table.primary_key), columns_of(table)
    query = select(*key, *columns).where(_stale(table)).order_by(*key).limit(CHUNK).with_for_update(skip_locked=True)
    change = update(table).where(*(column == bindparam(f"of_{column.name}") for column in key))
    # Read and written through the columns' own types: opened by the key that it names, sealed by the newest.
    change = change.values({column: bindparam(f"new_{column.name}", type_=column.type) for column in columns})
    last = None
    while not stopping.requested():
        with where.write() as session:
            rows = session.execute(query if last is None else query.where(tuple_(*key) > last)).mappings().all()
            if not rows:
                return
            _check(table, rows)
            values = [
                {f"of_{column.name}": row[column] for column in key}
                | {f"new_{column.name}": row[column] for column in columns}
                for row in rows
            ]
            session.connection().execute(change, values)
        last = tuple(rows[-1][column] for column in key)
        yield len(rows)
        time.sleep(PAUSE_SECONDS)


def _check(table: Table, rows: Sequence[RowMapping]) -> None:
    damaged = [(row, column) for row in rows for column in columns_of(table) if isinstance(row[column], Damaged)]
    for row, column in damaged:
        name = ", ".join(str(row[each]) for each in table.primary_key)
        raise ValueDamaged(
            f"{column.name} of {table.name} {name} was damaged in the database. Restore it from a back-up or delete the row, "
            "then call this again; until then keep the key it is encrypted by."
        )

"""Encrypted values as a bad disk leaves them."""

from __future__ import annotations

from sqlalchemy import text

from service.store import Store
from service.store.encrypted import MEMBER, EncryptedJson
from service.store.models import Base

INSIDE = 50
"""Where to change a character: behind mark and key's id."""
BEFORE_JSON = len(f'{{"{MEMBER}": "')


def damage(store: Store, column: str, where: str = "1 = 1", at: int = INSIDE, to: str = "AAAA") -> None:
    """Change a few characters of what stands encrypted in a `table.column`."""
    table, _, name = column.partition(".")
    is_json = isinstance(Base.metadata.tables[table].c[name].type, EncryptedJson)
    at += BEFORE_JSON if is_json else 0
    raw = f"CAST({name} AS TEXT)"
    changed = f"substr({raw}, 1, {at}) || '{to}' || substr({raw}, {at + len(to) + 1})"
    if is_json and not store.is_sqlite:
        changed = f"CAST({changed} AS JSON)"
    with store.write() as session:
        done = session.execute(text(f"UPDATE {table} SET {name} = {changed} WHERE {where}"))  # noqa: S608
    assert done.rowcount, "something was damaged"

"""Encrypted values as a bad disk leaves them."""

from __future__ import annotations

from sqlalchemy import text

from service.store import Store
from service.store.encrypted import EncryptedJson
from service.store.models import Base

INSIDE_TEXT, INSIDE_JSON = 50, 70
"""Where to change a character: behind mark and key's id."""


def damage(store: Store, column: str, where: str = "1 = 1") -> None:
    """Change a few characters of what stands encrypted in a `table.column`."""
    table, _, name = column.partition(".")
    is_json = isinstance(Base.metadata.tables[table].c[name].type, EncryptedJson)
    at = INSIDE_JSON if is_json else INSIDE_TEXT
    raw = f"CAST({name} AS TEXT)"
    changed = f"substr({raw}, 1, {at}) || 'AAAA' || substr({raw}, {at + 5})"
    if is_json and not store.is_sqlite:
        changed = f"CAST({changed} AS JSON)"
    with store.write() as session:
        done = session.execute(text(f"UPDATE {table} SET {name} = {changed} WHERE {where}"))  # noqa: S608
    assert done.rowcount, "something was damaged"

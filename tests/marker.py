"""A word that stands nowhere else, and where it is found again."""

from __future__ import annotations

from pathlib import Path

from redis import Redis
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from service.store import Store
from service.store.models import Base

MARKER = "xanthippemarmalade"


def columns_with(store: Store, word: str = MARKER) -> list[str]:
    """`table.column` of every value in the database that holds the word."""
    found = set()
    with store.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(text("*")).select_from(table)).mappings()
            found |= {f"{table}.{name}" for row in rows for name, value in row.items() if word in str(value)}
    return sorted(found)


def files_with(store: Store, word: str = MARKER) -> list[str]:
    """The files of a SQLite database whose bytes hold the word; none of PostgreSQL, which keeps its own time."""
    if not store.is_sqlite:
        return []
    path = Path(make_url(str(store.engine.url)).database or "")
    return [file.name for file in path.parent.glob(f"{path.name}*") if word.encode() in file.read_bytes()]


def keys_with(redis: Redis, word: str = MARKER) -> list[str]:
    """Keys of Redis that hold the word in their name or value, whatever their type."""
    return [key.decode(errors="replace") for key in redis.scan_iter() if word.encode() in key + _value(redis, key)]


def _value(redis: Redis, key: bytes) -> bytes:
    kind = redis.type(key)
    if kind == b"string":
        return redis.get(key) or b""
    if kind == b"hash":
        return b" ".join(part for pair in redis.hgetall(key).items() for part in pair)
    if kind == b"list":
        return b" ".join(redis.lrange(key, 0, -1))
    if kind == b"set":
        return b" ".join(redis.smembers(key))
    if kind == b"zset":
        return b" ".join(redis.zrange(key, 0, -1))
    if kind == b"stream":
        return repr(redis.xrange(key)).encode()
    raise AssertionError(f"a key of a kind that nobody looks into: {kind}")

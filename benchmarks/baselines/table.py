"""The tables of a simple moderation app, on SQLite or PostgreSQL, as durable as Heed's."""

from __future__ import annotations

import os
import time
from functools import cache

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
)

from service.store.models import Revision, new_id, now
from service.store.session import PRAGMAS

URL = "BASELINE_DATABASE_URL"
METADATA = MetaData()
POSTS = Table(
    "bare_post", METADATA, Column("id", String, primary_key=True), Column("forum", String), Column("title", Text),
    Column("body", Text), Column("author", String), Column("received_at", Float),
)  # fmt: skip
VERDICTS = Table(
    "bare_verdict", METADATA, Column("post", ForeignKey("bare_post.id"), primary_key=True), Column("document", Text),
    Column("created_at", Float),
)  # fmt: skip
ROWS = Table(
    "bare_revision",
    METADATA,
    *(
        Column(
            each.name,
            each.type.impl_instance if isinstance(each.type, TypeDecorator) else each.type,
            primary_key=each.primary_key,
            nullable=each.nullable,
        )
        for each in Revision.__table__.columns
    ),
    UniqueConstraint("post_id", "number"),
)
"""The columns and indexes that Heed stores a post's text in, without what only Heed's code does: defaults, encryption, references."""
for index in Revision.__table__.indexes:
    Index(f"bare_{index.name}", *(ROWS.c[each.name] for each in index.columns), **index.dialect_kwargs)
EMPTY = dict.fromkeys(
    ("board", "title", "parent", "thread", "reply_to", "author", "language", "url", "lease_owner", "traceparent"), ""
)


@cache
def engine() -> Engine:
    """The engine of this process."""
    made = create_engine(os.environ[URL])
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _as_durable)
    return made


def insert_post(post: dict[str, str]) -> None:
    row = {
        "id": post["id"],
        "forum": "bench",
        "title": "",
        "body": post["body"],
        "author": "",
        "received_at": time.time(),
    }
    with engine().begin() as connection:
        connection.execute(POSTS.insert(), row)


def insert_row(post: dict[str, str]) -> None:
    """The same row as Heed's."""
    moment = now()
    row = EMPTY | {
        "id": new_id("rev"),
        "post_id": post["id"],
        "forum_id": "bench",
        "number": 1,
        "body": post["body"],
        "format": "plain",
        "digest": "0" * 64,
        "received_at": moment,
        "placed_at": moment,
        "state": "pending",
        "urgent": 0,
        "attempts": 0,
    }
    with engine().begin() as connection:
        connection.execute(ROWS.insert(), row)


def _as_durable(connection, _record) -> None:  # noqa: ANN001
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

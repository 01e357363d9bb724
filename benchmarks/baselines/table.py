"""The two tables of a simple moderation app, on SQLite or PostgreSQL, as durable as Heed's."""

from __future__ import annotations

import os
import time
from functools import cache

from sqlalchemy import Column, Engine, Float, ForeignKey, MetaData, String, Table, Text, create_engine, event

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


def _as_durable(connection, _record) -> None:  # noqa: ANN001
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

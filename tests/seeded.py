"""The sample posts, made once for each choice of settings and laid down again for every other test, as long ago as then."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_posts import seed
from sqlalchemy import Table, insert, select

from service.store import Store
from service.store.models import Base, Forum, now

Rows = dict[Table, list[dict[str, Any]]]


@dataclass(frozen=True)
class Made:
    at: datetime
    forum_id: str
    rows: Rows
    items: list[str]


_made: dict[Hashable, Made] = {}


def seeded(store: Store, forum: Forum, chosen: Hashable) -> list[str]:
    """Every sample on the forum; the ids of their queue items. `chosen` are the settings that hold now."""
    if chosen in _made:
        _lay(store, forum.id, _made[chosen])
    else:
        _made[chosen] = _make(store, forum)
    return list(_made[chosen].items)


def _make(store: Store, forum: Forum) -> Made:
    before = _rows(store)
    with store.write() as session:
        items = seed(session, session.merge(forum, load=False))
    # Not before: laid down as old as this, a post of twenty minutes ago turns no older while a test looks at it.
    at, after = now(), _rows(store)
    assert all(row in after[table] for table, rows in before.items() for row in rows), (
        "only new rows are laid down again"
    )
    new = {table: [row for row in rows if row not in before[table]] for table, rows in after.items()}
    return Made(at, forum.id, new, items)


def _lay(store: Store, forum_id: str, made: Made) -> None:
    later = now() - made.at

    def here(value: Any) -> Any:
        if isinstance(value, datetime):
            return value + later
        return forum_id if value == made.forum_id else value

    with store.write() as session:
        for table, rows in made.rows.items():
            if rows:
                session.execute(insert(table), [{name: here(value) for name, value in row.items()} for row in rows])


def _rows(store: Store) -> Rows:
    with store.read() as session:
        return {
            table: [dict(row) for row in session.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }

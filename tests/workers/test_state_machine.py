"""Whatever happens to posts, and whatever dies, in whatever order: each ends with one verdict, told to its forum.

Hypothesis makes the histories up; promise.py says what must come of them, history.py looks.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from forum_server import ForumServer, forum_server
from history_people import People
from history_workers import Workers
from state_machines import emptied, only_when_asked, run

from service.store import Store
from workers import classify, deliver


class Life(People, Workers):
    """All of it at once."""


@pytest.fixture
def server(monkeypatch) -> Iterator[ForumServer]:
    # A worker looks again before each callback: between a claim and what follows anything may have happened here.
    monkeypatch.setattr(deliver, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(classify, "TRANSACTION_POSTS", 1)
    with forum_server() as running:
        yield running


@only_when_asked
def test_every_accepted_post_gets_one_verdict_and_its_callback(_sqlite_template, tmp_path, server):
    run(lambda store: Life(store, server), emptied(_sqlite_template, tmp_path), examples=25, steps=50)


@only_when_asked
def test_the_same_on_postgresql(emptied_postgres, server):
    store = Store(emptied_postgres())

    def empty() -> Store:
        emptied_postgres()
        return store

    run(lambda store: Life(store, server), empty, examples=3, steps=50)
    store.close()

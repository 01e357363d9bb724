"""Posts as intake stores them, and what became of them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from desk import Desk
from discourse_api import Discourse
from discourse_server import discourse_server

from service.forums import NewForum
from service.settings import Settings, settings
from service.store import Store
from workers import stopping


@pytest.fixture
def desk(store: Store, forum: NewForum) -> Desk:
    return Desk(store, forum)


@pytest.fixture
def discourse() -> Iterator[Discourse]:
    with discourse_server() as discourse:
        yield discourse


@pytest.fixture
def chosen(store: Store) -> Settings:
    return settings()


@pytest.fixture
def choose(store: Store) -> Callable[..., Settings]:
    """`choose(batch_posts=2)`: the settings with a few changed."""
    return lambda **changed: settings().model_copy(update=changed)


@pytest.fixture(autouse=True)
def _not_asked_to_stop():
    stopping.forget()
    yield
    stopping.forget()


@pytest.fixture
def signals() -> Iterator[None]:
    """Commands and RQ set handlers for the whole process; they go back afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)

"""Posts as intake stores them, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk import Desk

from service.forums import NewForum
from service.settings import Settings, settings
from service.store import Store
from workers import stopping


@pytest.fixture
def desk(store: Store, forum: NewForum) -> Desk:
    return Desk(store, forum)


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

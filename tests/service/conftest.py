"""Moderators of the console, and posts that wait for them."""

from collections.abc import Callable
from functools import partial

import pytest
from appealing import Author
from review_console import Console, logged_in


@pytest.fixture
def stranger(app) -> Console:
    """Somebody who is not logged in."""
    return Console(app.test_client())


@pytest.fixture
def console(stranger, moderator) -> Console:
    """`robin`, logged in."""
    assert stranger.log_in().status_code == 303
    return stranger


@pytest.fixture
def sam(app, store) -> Console:
    """A second moderator, logged in elsewhere."""
    return logged_in(app, store, "sam")


@pytest.fixture
def log_in(app, store) -> Callable[..., Console]:
    """`log_in("kim", "viewer", forum_id)` makes somebody and logs them in."""
    return partial(logged_in, app, store)


@pytest.fixture
def author(client, forum) -> Author:
    """Whoever wrote the sample posts, by way of the forum."""
    return Author(client, forum)

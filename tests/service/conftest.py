"""Moderators of the console, and posts that wait for them."""

import pytest
from appealing import Author
from people import add_person
from review_console import Console
from review_posts import seed


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
    with store.write() as session:
        add_person(session, "sam")
    other = Console(app.test_client())
    other.log_in("sam")
    return other


@pytest.fixture
def items(store, forum) -> list[str]:
    """The sample posts in the queue; their items' ids in the order of SAMPLES."""
    with store.write() as session:
        return seed(session, session.merge(forum.forum, load=False))


@pytest.fixture
def author(client, forum) -> Author:
    """Whoever wrote the sample posts, by way of the forum."""
    return Author(client, forum)

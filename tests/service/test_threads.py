"""The thread of a post as forums name it: stored, held through edits, resolved where Discourse lets us."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from submitting import POST
from test_discourse import RAW, send  # noqa: F401

from service.intake import accept
from service.intake.submission import Submission
from service.store.models import Post, Revision

START = datetime(2026, 11, 20, 21, tzinfo=UTC)


def newest(store, external_id: str) -> Revision:
    with store.read() as session:
        query = select(Revision).join(Post, (Post.id == Revision.post_id) & (Post.revision == Revision.number))
        return session.scalars(query.where(Post.external_id == external_id)).one()


def test_thread_and_answered_post_are_stored(client, forum, store):
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.post("/v1/posts", json=POST | {"thread": 77, "reply_to": "40"}, headers=headers).status_code == 202
    stored = newest(store, POST["id"])
    assert (stored.thread, stored.reply_to) == ("77", "40")
    assert client.post("/v1/posts", json=POST | {"id": "42", "thread": "x" * 201}, headers=headers).status_code == 422


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_an_edit_leaves_a_post_where_it_stands_in_its_thread(store, forum, order):
    for number in order:
        edited = Submission(id="1", revision=number, body=f"text {number}", created_at=START + timedelta(hours=number))
        with store.write() as session:
            accept.accept(session, forum.forum, edited)
    post = newest(store, "1")
    assert post.number == 2 and post.placed_at == START + timedelta(hours=1)


def test_an_uncounted_edit_leaves_it_there_too(store, forum):
    for minute, body in ((0, "first"), (5, "quick edit")):
        quick = Submission(id="1", body=body, created_at=START + timedelta(minutes=minute))
        with store.write() as session:
            accept.accept(session, forum.forum, quick, latest_wins=True)
    post = newest(store, "1")
    assert post.body == "quick edit" and post.placed_at == START


def test_without_a_clock_a_post_stands_where_it_arrived(store, forum):
    with store.write() as session:
        accept.accept(session, forum.forum, Submission(id="1", body="words"))
    post = newest(store, "1")
    assert post.placed_at == post.received_at


REPLY = {
    "id": 160,
    "post_number": 3,
    "post_url": "/t/halving/77/3",
    "raw": "Yes, do that.",
    "username": "kim",
    "reply_to_post_number": 1,
    "reply_to_user": {"username": RAW["username"]},
}
ADDRESS = "forum.example.org/p/160"


def test_discourses_topic_is_the_thread_and_the_number_in_it_finds_the_post(send, store):  # noqa: F811
    send()
    send(**REPLY)
    reply = newest(store, ADDRESS)
    assert (reply.thread, reply.reply_to) == ("forum.example.org/t/77", "forum.example.org/p/158")


@pytest.mark.parametrize(
    ("first", "changes"),
    [
        # Nobody has that number: the post replied to has not come, or never will.
        ({}, {"reply_to_post_number": 2}),
        ({}, {"reply_to_post_number": 11}),
        # Another topic's post of that number.
        ({"topic_id": 78, "post_url": "/t/other/78/1"}, {}),
        # The number once was somebody else's.
        ({}, {"reply_to_user": {"username": "somebody else"}}),
        ({}, {"reply_to_post_number": None}),
        ({}, {"reply_to_post_number": "1"}),
        ({}, {"reply_to_post_number": True}),
        ({}, {"topic_id": None}),
    ],
)
def test_no_post_is_better_than_a_wrong_one(send, store, first, changes):  # noqa: F811
    send(**first)
    send(**REPLY | changes)
    assert newest(store, ADDRESS).reply_to == ""


def test_a_topic_of_that_number_on_another_instance_is_another_topic(send, store, forum):  # noqa: F811
    other = {"thread": "cove.example.org/t/77", "url": "https://cove.example.org/t/halving/77/1"}
    with store.write() as session:
        post = Submission(id="cove.example.org/p/1", body="words", author=RAW["username"], **other)
        accept.accept(session, forum.forum, post)
    send(**REPLY)
    assert newest(store, ADDRESS).reply_to == ""


def test_two_posts_of_one_number_are_nobody(send, store):  # noqa: F811
    """A topic that was merged may hold the same address twice."""
    send()
    send(id=159)
    send(**REPLY)
    assert newest(store, ADDRESS).reply_to == ""

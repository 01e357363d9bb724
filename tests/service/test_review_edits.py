"""Authors who change or delete what waits: never further back, never out of sight where a life may be at stake."""

from datetime import timedelta

import pytest
from review_console import text
from review_posts import RULES, SAMPLES, findings
from sqlalchemy import select

from classifiers.findings import Findings, LabelScore
from classifiers.labels import POST_LABELS
from service.intake import accept
from service.intake.submission import Submission
from service.policy import decide
from service.recording import record_verdict
from service.review.filters import Filters
from service.review.queue import load_rows
from service.store.models import Delivery, Post, QueueItem, Revision, now


def all_ids(store) -> list[str]:
    """The items of the queue."""
    with store.read() as session:
        return [row.id for row in load_rows(session, Filters(), "nobody")[0]]


def edit(store, forum, place: int, body: str = "another text") -> None:
    """The author of a sample changes it; nobody has read the new text yet."""
    with store.write() as session:
        accept.accept(
            session, session.merge(forum.forum, load=False), Submission(id=str(place + 1), revision=2, body=body)
        )


def read_again(store, place: int, like: int) -> None:
    """The models read the changed text, and find what they found in the sample `like`."""
    sample = SAMPLES[like]
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == str(place + 1)))
        revision = session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.number == 2))
        revision.body = sample.body
        record_verdict(session, revision, decide(findings(sample), RULES, text=sample.body, board=sample.board))


def test_an_edit_never_moves_a_post_back(store, forum, items):
    with store.read() as session:
        before = session.get_one(QueueItem, items[2]).due_at
    edit(store, forum, 2)
    read_again(store, 2, like=13)
    with store.read() as session:
        item = session.get_one(QueueItem, items[2])
    assert (item.state, item.severity) == ("open", "medium") and item.due_at <= before


def test_a_decided_post_that_is_edited_waits_anew(store, forum, console, items):
    console.decide(items[2], "approve")
    with store.write() as session:
        session.get_one(QueueItem, items[2]).due_at = now() - timedelta(days=3)
    edit(store, forum, 2)
    read_again(store, 2, like=13)
    with store.read() as session:
        assert session.get_one(QueueItem, items[2]).due_at > now()


def test_a_crisis_stays_in_sight_while_its_author_changes_it(store, forum, console, items):
    with store.write() as session:
        session.get_one(QueueItem, items[0]).due_at = now() - timedelta(minutes=1)
    edit(store, forum, 0)
    assert items[0] in all_ids(store) and "Someone may be in danger, and their post is overdue" in console.page(
        "/console/"
    )
    page = console.page(f"/console/items/{items[0]}")
    assert "The author has just changed this post" in page and "I’ve written the letters" in page
    answer = console.decide(items[0], "approve")
    assert answer.status_code == 409 and "it is being read anew" in answer.text
    read_again(store, 0, like=4)
    page = console.page(f"/console/items/{items[0]}")
    assert "has just changed" not in page and "It’s the nights" in page


@pytest.mark.parametrize("gone", ["deleted", "harmless now"])
def test_whoever_takes_a_goodbye_back_is_looked_after(store, forum, console, items, gone):
    if gone == "deleted":
        with store.write() as session:
            accept.delete(session, session.merge(forum.forum, load=False), "1", now())
    else:
        edit(store, forum, 0)
        with store.write() as session:
            post = session.scalar(select(Post).where(Post.external_id == "1"))
            revision = session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.number == 2))
            clean = Findings(tuple(LabelScore(area, name, 0.01) for area, name in POST_LABELS))
            record_verdict(session, revision, decide(clean, RULES, text="another text"))
    assert items[0] not in all_ids(store)
    listed = text(console.page("/console/care"))
    assert "due" in listed and "the post is gone" in listed


def test_a_held_cry_for_help_is_looked_at_again_tomorrow(console, items):
    console.decide(items[4], "hold")
    assert "quietly" in text(console.page("/console/care"))
    console.decide(items[2], "hold")
    assert "transplanted2019" not in text(console.page("/console/care"))


@pytest.mark.parametrize(("board", "by_person"), [("Medicines", False), ("Medicines", True), ("Elsewhere", True)])
def test_the_same_words_under_a_higher_number_change_nothing(store, forum, console, items, board, by_person):
    if by_person:
        console.decide(items[2], "approve")
    sample = SAMPLES[2]
    same = {"title": sample.title, "body": sample.body, "parent": sample.parent, "board": board}
    with store.write() as session:
        revision = session.scalar(select(Revision).join(Post).where(Post.external_id == "3"))
        revision.digest = Submission(id="3", **same).digest
    with store.write() as session:
        sent = Submission(id="3", revision=4, **same)
        assert not accept.accept(session, session.merge(forum.forum, load=False), sent).is_new
    with store.read() as session:
        item = session.get_one(QueueItem, items[2])
        post = session.get_one(Post, item.post_id)
        assert item.state == ("decided" if by_person else "open") and post.revision == 4


def test_the_same_words_on_another_board_are_read_by_its_rules(store, forum, items):
    sample = SAMPLES[2]
    same = {"title": sample.title, "body": sample.body, "parent": sample.parent}
    with store.write() as session:
        known = session.scalar(select(Revision).join(Post).where(Post.external_id == "3"))
        known.digest = Submission(id="3", **same).digest
    with store.write() as session:
        sent = Submission(id="3", revision=2, board="Elsewhere", **same)
        assert accept.accept(session, session.merge(forum.forum, load=False), sent).is_new


def test_a_decision_holds_on_for_a_post_that_comes_back(store, forum, console, items):
    console.decide(items[2], "approve")
    with store.write() as session:
        accept.delete(session, session.merge(forum.forum, load=False), "3", now())
    with store.write() as session:
        accept.recover(session, session.merge(forum.forum, load=False), "3", now() + timedelta(seconds=1))
    with store.read() as session:
        item = session.get_one(QueueItem, items[2])
        newest = select(Delivery).where(Delivery.post_id == item.post_id).order_by(Delivery.id.desc()).limit(1)
        told = session.scalar(newest)
        assert (
            item.state == "decided"
            and session.scalars(select(Revision.state).where(Revision.state == "pending")).all() == []
        )
    assert (told.state, told.payload["data"]["action"]) == ("pending", "allow")

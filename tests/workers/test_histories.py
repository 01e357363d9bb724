"""Histories that test_state_machine.py found, told plainly: each broke the promise once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from forum_server import forum_server
from reading import Reader
from sqlalchemy import select

from service import appeals, care
from service.callback.again import turn_on
from service.decisions import Decision, record_decision, undo_decision
from service.errors import Conflict
from service.intake import accept
from service.intake.submission import Submission
from service.people.roles import set_role
from service.store.models import Appeal, Delivery, Forum, Moderator, Post, QueueItem, Revision, Verdict
from service.verdicts import current_verdict
from workers.classify import read_all
from workers.deliver import send_all

START = datetime(2026, 11, 20, 21, tzinfo=UTC)
HELD, CRISIS, CALM = "a dangerous_remedy here", "a crisis here", "all is calm"


class Histories:
    """One post of a forum that does not count quick edits, its readers and its moderators."""

    def __init__(self, store, desk, chosen, server) -> None:
        self.store, self.desk, self.server = store, desk, server
        self.chosen = chosen.model_copy(update={"allow_private_callbacks": True})
        self.minutes = 0
        desk.change(Forum, callback_url=server.url)
        with store.write() as session:
            self.people = {name: Moderator(name=name) for name in ("robin", "sam", "kim")}
            session.add_all(self.people.values())
            session.flush()
            for person in self.people.values():
                set_role(session, person, None, "moderator")

    def send(self, body: str, revision: int = 1, read: bool = True) -> None:
        self.minutes += 1
        created_at = START + timedelta(minutes=self.minutes)
        sent = Submission(id="1", revision=revision, body=body, created_at=created_at)
        with self.store.write() as session:
            accept.accept(session, session.get_one(Forum, self.desk.forum.id), sent, latest_wins=True)
        if read:
            read_all(self.store, Reader(), self.chosen)

    def tell(self, what) -> None:
        self.minutes += 1
        with self.store.write() as session:
            forum = session.get_one(Forum, self.desk.forum.id)
            what(session, forum, "1", START + timedelta(minutes=self.minutes))

    def decide(self, name: str, action: str, **more: object) -> Verdict:
        with self.store.write() as session:
            item = session.scalar(select(QueueItem))
            return record_decision(session, item.id, item.version, self.people[name], Decision(action, **more))

    def undo(self, name: str) -> Verdict:
        with self.store.write() as session:
            item = session.scalar(select(QueueItem))
            return undo_decision(session, item.id, item.version, self.people[name])

    def appeal(self, id_: str, take_back: bool = False) -> None:
        with self.store.write() as session:
            post = session.scalar(select(Post))
            standing = current_verdict(session, post)
            if take_back:
                appeals.take_back(session, post, standing, appeals.find(session, post, id_))
            else:
                appeals.begin(session, post, standing, id_, "I disagree", None)

    def look(self, query):
        with self.store.read() as session:
            return session.scalar(query)

    def answers(self, status: int) -> None:
        """The forum answers so to what is due."""
        self.server.status = status
        self.desk.pass_time()
        send_all(self.store, self.chosen)

    def told(self) -> list[dict]:
        return [json.loads(request.body)["data"] for request in self.server.received]


@pytest.fixture
def history(store, desk, chosen):
    with forum_server() as server:
        yield Histories(store, desk, chosen, server)


def test_a_text_that_came_while_its_post_was_deleted_is_read(history):
    history.send(HELD)
    history.decide("robin", "approve")
    history.tell(accept.delete)
    history.send(CRISIS)
    history.tell(accept.recover)
    assert history.look(select(Revision.state)) == "pending" and history.desk.verdicts() == {}


def test_nobody_decides_of_a_quick_edit_before_it_is_read(history):
    history.send(CRISIS)
    history.send(CALM, read=False)
    with pytest.raises(Conflict, match="read anew"):
        history.decide("robin", "hold")


def test_what_was_published_of_other_words_says_nothing_of_these(history):
    history.send(HELD)
    published = history.decide("robin", "redact", left_out=("dangerous_remedy",)).document["published"]
    history.send(CALM)
    history.send(published, revision=2)
    assert history.look(select(Revision.body).order_by(Revision.number.desc())) == published


def test_a_decision_on_an_appeal_that_stands_again_can_be_taken_back(history):
    history.send(HELD)
    history.decide("robin", "hold")
    history.appeal("first")
    history.decide("sam", "hold")
    history.appeal("second")
    history.decide("kim", "approve")
    history.undo("kim")
    history.appeal("second", take_back=True)
    history.undo("kim")
    assert history.look(select(Appeal.state).where(Appeal.external_id == "first")) == "open"
    assert appeals.TOPIC in history.look(select(QueueItem.labels))


def test_a_post_that_comes_back_is_not_looked_for_among_the_appeals(history):
    history.send(HELD)
    history.decide("robin", "hold")
    history.appeal("first")
    history.tell(accept.delete)
    history.tell(accept.recover)
    history.undo("sam")
    assert history.look(select(QueueItem.state)) == "open"
    assert appeals.TOPIC not in history.look(select(QueueItem.labels))


def test_a_callback_names_the_number_that_its_text_has_now(history):
    history.send(HELD)
    history.send(HELD, revision=2)
    history.answers(204)
    assert [data["revision"] for data in history.told()] == [2]


def test_what_was_given_up_is_told_under_the_same_id(history):
    history.send(HELD)
    history.answers(500)
    history.answers(410)
    with history.store.write() as session:
        assert turn_on(session, session.scalar(select(Forum))) == 1
    history.answers(204)
    assert len(history.server.ids) == 3 and len(set(history.server.ids)) == 1
    assert [(each.state, each.attempts) for each in history.desk.deliveries()] == [("delivered", 1)]


def test_help_for_the_author_does_not_pass_for_the_verdict(history):
    history.send(CRISIS)
    with history.store.write() as session:
        care.send_help(session, session.scalar(select(QueueItem.id)), history.people["robin"], "Call us.")
        verdict = session.scalar(select(Delivery).where(Delivery.event == "post.verdict"))
        verdict.state = "given_up"
    history.answers(204)
    with history.store.write() as session:
        assert turn_on(session, session.scalar(select(Forum))) == 1

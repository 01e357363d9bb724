"""The shadow judges along: it acts on nothing, and its failures harm nothing."""

import pytest
from reading import Reader, findings
from sqlalchemy import func, select

from service.intake import accept
from service.policy import shadow
from service.store.models import Forum, Moderator, QueueItem, ShadowVerdict, now
from workers.classify import read_all

STRICTER = '[actions.self_harm]\ncritical = "hold"\n'


class Told:
    """A model that says the same of every post."""

    def __init__(self, *labels):
        self.labels = labels

    def read(self, posts):
        return [findings(*self.labels) for _ in posts]


class Broken:
    def read(self, posts):
        raise RuntimeError("out of memory")


def noted(store):
    with store.read() as session:
        query = select(ShadowVerdict.acted, ShadowVerdict.action).order_by(ShadowVerdict.created_at, ShadowVerdict.id)
        return [tuple(row) for row in session.execute(query)]


def start(store, desk, toml=STRICTER):
    with store.write() as session:
        lead = Moderator(name="lou", password_hash="")
        session.add(lead)
        session.flush()
        shadow.start(session, session.get_one(Forum, desk.forum.id), toml, lead)


def test_a_policy_beside_the_one_in_force_is_noted_and_does_nothing(store, desk, chosen):
    start(store, desk)
    desk.submit("1", "a crisis")
    desk.submit("2", "words")
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"1": ["escalate"], "2": ["allow"]}
    assert sorted(noted(store)) == [("allow", "allow"), ("escalate", "hold")]
    assert len(desk.deliveries()) == 2


def test_a_model_beside_the_one_in_force_is_noted_and_does_nothing(store, desk, chosen):
    desk.submit("1", "words")
    read_all(store, Reader(), chosen, Told("crisis"))
    assert desk.verdicts() == {"1": ["allow"]}
    assert noted(store) == [("allow", "escalate")]
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(QueueItem)) == 0


def test_without_a_shadow_nothing_is_noted(store, desk, chosen):
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    assert noted(store) == []


@pytest.mark.parametrize("toml", ["thresholds = 3", "not toml ["])
def test_a_shadow_policy_that_is_none_harms_no_verdict(store, desk, chosen, toml):
    desk.change(Forum, shadow_policy=toml, shadow_since=now())
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"1": ["escalate"]}
    assert noted(store) == []


def test_a_shadow_model_that_fails_harms_no_verdict(store, desk, chosen, caplog):
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen, Broken())
    assert desk.verdicts() == {"1": ["escalate"]}
    assert noted(store) == []
    assert "the shadow could not judge 1 posts" in caplog.text


def test_what_could_not_be_read_is_not_judged_along(store, desk, chosen):
    start(store, desk)
    desk.submit("1", "BREAK")
    read_all(store, Reader(), chosen)
    assert noted(store) == []


def test_a_newer_shadow_begins_anew_and_an_ended_one_leaves_nothing(store, desk, chosen):
    start(store, desk)
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        forum = session.get_one(Forum, desk.forum.id)
        shadow.stop(session, forum, session.scalar(select(Moderator)))
        assert forum.shadow_policy is None
    assert noted(store) == []


def test_an_erased_post_leaves_nothing_of_it(store, desk, chosen):
    start(store, desk)
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        accept.erase(session, session.get_one(Forum, desk.forum.id), "1", now())
    assert noted(store) == []

"""Callbacks leave signed, come again where they failed, end where they must."""

import json
from datetime import timedelta

import pytest
from forum_server import forum_server
from reading import Reader
from sqlalchemy import select, update
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from service import keys
from service.callback.again import turn_on
from service.callback.schedule import SCHEDULE
from service.callback.send import Answer
from service.errors import Conflict, NotFound
from service.intake import accept
from service.store.models import Delivery, Forum, Post, RetiredKey, Verdict, now
from service.verdicts import CARE, announce
from workers import deliver
from workers.classify import read_all
from workers.deliver import SENDERS_PER_FORUM, claim, record, replay, send_all, send_some


@pytest.fixture
def server(desk):
    with forum_server() as server:
        desk.change(Forum, callback_url=server.url)
        yield server


@pytest.fixture
def allowed(choose):
    """Settings by which callbacks to this machine may go."""
    return choose(allow_private_callbacks=True, callback_timeout_seconds=5)


@pytest.fixture
def read(store, desk, chosen):
    """Submit posts and read them, so that their callbacks wait."""

    def submit_and_read(*bodies: str) -> None:
        for number, body in enumerate(bodies):
            desk.submit(str(number), body)
        read_all(store, Reader(), chosen)

    return submit_and_read


def test_a_callback_is_signed_and_holds_no_text(store, desk, server, read, allowed):
    read("a crisis among my private sorrows")
    assert send_all(store, allowed) == 1
    [request] = server.received
    event = Webhook(desk.forum.callback_secret).verify(request.body, request.headers)
    assert event["type"] == "post.verdict"
    assert (event["data"]["action"], event["data"]["external_id"]) == ("escalate", "0")
    assert b"sorrows" not in request.body and request.path == "/heed?board=1"
    [delivery] = desk.deliveries()
    assert (delivery.state, delivery.last_status, delivery.attempts) == ("delivered", 204, 1)
    assert delivery.delivered_at is not None and delivery.lease_owner == ""


def test_while_a_secret_is_changed_callbacks_are_signed_by_both(store, desk, server, read, allowed):
    old = desk.forum.callback_secret
    with store.write() as session:
        new = keys.rotate(session, session.get_one(Forum, desk.forum.id), "callback", timedelta(days=7))
    read("one", "two")
    send_all(store, allowed)
    for request in server.received:
        assert len(request.headers["webhook-signature"].split(" ")) == 2
        assert Webhook(old).verify(request.body, request.headers) == Webhook(new).verify(request.body, request.headers)
    with store.write() as session:
        session.execute(update(RetiredKey).values(until=now()))
    read("one", "two", "three")
    send_all(store, allowed)
    last = server.received[-1]
    assert Webhook(new).verify(last.body, last.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(last.body, last.headers)


def test_another_secret_does_not_verify_it(store, desk, server, read, allowed):
    read("words")
    send_all(store, allowed)
    with pytest.raises(WebhookVerificationError):
        Webhook(desk.forum.webhook_secret).verify(server.received[0].body, server.received[0].headers)


def test_a_failed_callback_comes_again_under_the_same_id_by_the_schedule(store, desk, server, read, allowed):
    read("words")
    server.status = 500
    for attempt in range(1, len(SCHEDULE)):
        before = now()
        send_all(store, allowed)
        [delivery] = desk.deliveries()
        assert (delivery.state, delivery.attempts, delivery.last_status) == ("pending", attempt, 500)
        pause = (delivery.due_at - before).total_seconds()
        assert SCHEDULE[attempt] <= pause <= SCHEDULE[attempt] * 1.1 + 30
        assert send_all(store, allowed) == 0
        desk.pass_time()
    send_all(store, allowed)
    [delivery] = desk.deliveries()
    assert (delivery.state, delivery.attempts) == ("given_up", len(SCHEDULE))
    assert server.ids == [delivery.id] * len(SCHEDULE)


def test_each_attempt_is_signed_anew(store, desk, server, read, allowed):
    read("words")
    server.status = 503
    send_all(store, allowed)
    desk.pass_time()
    server.status = 200
    send_all(store, allowed)
    hook = Webhook(desk.forum.callback_secret)
    assert all(hook.verify(request.body, request.headers) for request in server.received)
    assert [d.state for d in desk.deliveries()] == ["delivered"]


def test_retry_after_is_heeded(store, desk, server, read, allowed):
    read("words")
    server.status, server.headers = 429, {"Retry-After": "5000"}
    before = now()
    send_all(store, allowed)
    assert desk.deliveries()[0].due_at >= before + timedelta(seconds=5000)


def test_gone_turns_the_forums_callbacks_off(store, desk, server, read, allowed):
    read("one", "two")
    server.status = 410
    send_some(store, allowed)
    with store.read() as session:
        assert "410" in session.scalar(select(Forum.callback_disabled))
    assert {d.state for d in desk.deliveries()} == {"given_up"}
    sent = len(server.received)
    desk.submit("9", "nine")
    read_all(store, Reader(), allowed)
    send_all(store, allowed)
    assert len(server.received) == sent


def test_callbacks_turned_on_again_tell_what_was_missed(store, desk, server, read, allowed):
    read("one", "two")
    server.status = 410
    send_some(store, allowed)
    desk.submit("0", "one, changed", revision=2)
    desk.submit("9", "nine")
    read_all(store, Reader(), allowed)
    server.status, server.received = 200, []
    with store.write() as session:
        assert turn_on(session, session.scalar(select(Forum))) == 3
    send_all(store, allowed)
    told = [json.loads(request.body)["data"] for request in server.received]
    assert sorted((each["external_id"], each["revision"]) for each in told) == [("0", 2), ("1", 1), ("9", 1)]
    with store.write() as session:
        assert turn_on(session, session.scalar(select(Forum))) == 0


def test_callbacks_turned_on_again_keep_the_id_under_which_they_were_tried(store, desk, server, read, allowed):
    read("words")
    server.status = 410
    send_some(store, allowed)
    server.status = 200
    with store.write() as session:
        assert turn_on(session, session.scalar(select(Forum))) == 1
    send_all(store, allowed)
    [delivery] = desk.deliveries()
    assert (delivery.state, server.ids) == ("delivered", [delivery.id] * 2)


def test_a_redirect_is_not_followed(store, desk, server, read, allowed):
    read("words")
    with forum_server() as elsewhere:
        server.status, server.headers = 307, {"Location": elsewhere.url}
        send_all(store, allowed)
        assert elsewhere.received == []
    [delivery] = desk.deliveries()
    assert delivery.state == "pending" and "redirects" in delivery.last_error


def test_a_private_address_is_refused_unless_allowed(store, desk, server, read, choose):
    read("words")
    send_all(store, choose(allow_private_callbacks=False))
    assert server.received == []
    [delivery] = desk.deliveries()
    assert delivery.state == "pending" and "HEED_ALLOW_PRIVATE_CALLBACKS" in delivery.last_error


def test_a_forum_that_does_not_answer_in_time_is_asked_again(store, desk, server, read, choose):
    read("words")
    server.go.clear()
    send_all(store, choose(allow_private_callbacks=True, callback_timeout_seconds=0.3))
    [delivery] = desk.deliveries()
    assert (delivery.state, delivery.last_status) == ("pending", None)
    assert "no answer within" in delivery.last_error


def test_a_verdict_that_stands_no_more_is_not_sent(store, desk, server, read, allowed):
    read("a crisis")
    desk.submit("0", "words", revision=2)
    send_all(store, allowed)
    assert server.received == []
    assert [d.state for d in desk.deliveries()] == ["superseded"]


def test_one_that_is_withdrawn_after_its_sender_died_is_held_by_nobody(store, desk, server, read, allowed):
    read("a crisis")
    with store.write() as session:
        claim(session, "dies", allowed)
    desk.change(Post, deleted=True)
    desk.pass_time()
    assert send_all(store, allowed) == 1 and server.received == []
    assert [(d.state, d.lease_owner, d.lease_until) for d in desk.deliveries()] == [("superseded", "", None)]


@pytest.mark.parametrize(
    ("table", "news"), [(Verdict, {"current": False}), (Post, {"revision": 2}), (Post, {"deleted": True})]
)
def test_what_stands_is_looked_up_before_each_attempt(store, desk, server, read, allowed, table, news):
    read("a crisis")
    desk.change(table, **news)
    send_all(store, allowed)
    assert server.received == [] and [d.state for d in desk.deliveries()] == ["superseded"]


def test_help_for_an_author_is_sent_whatever_became_of_the_post(store, desk, server, read, allowed):
    read("a crisis")
    desk.change(Delivery, event=CARE)
    desk.submit("0", "words", revision=2)
    with store.write() as session:
        accept.delete(session, session.merge(desk.forum, load=False), "0", now())
    assert send_all(store, allowed) == 1
    with store.write() as session:
        replay(session, desk.deliveries()[0].id)
    assert send_all(store, allowed) == 1 and len(set(server.ids)) == 1


def test_a_slow_forum_holds_only_its_share_of_the_senders(store, desk, server, read, allowed):
    read(*(f"words {number}" for number in range(SENDERS_PER_FORUM + 2)))
    with store.write() as session:
        looked_at, parcels = claim(session, "me", allowed)
    assert (looked_at, len(parcels)) == (SENDERS_PER_FORUM, SENDERS_PER_FORUM)


def test_a_claimed_callback_is_nobody_elses_until_its_lease_is_over(store, desk, server, read, allowed):
    read("words")
    with store.write() as session:
        claim(session, "dies", allowed)
    assert send_all(store, allowed) == 0
    desk.pass_time()
    assert send_all(store, allowed) == 1
    assert [(d.state, d.attempts) for d in desk.deliveries()] == [("delivered", 2)]


def test_of_one_post_one_callback_is_under_way_at_a_time(store, desk, server, read, allowed):
    read("a crisis", "words")
    with store.write() as session:
        _, parcels = claim(session, "slow", allowed)
        assert len(parcels) == 2
        session.execute(update(Delivery).values(state="superseded"))
        first = session.scalar(select(Verdict).join(Post, Post.id == Verdict.post_id).where(Post.external_id == "0"))
        post = session.get_one(Post, first.post_id)
        announce(session, post, first.revision, first, "post.decision")
    assert send_all(store, allowed) == 0 and server.received == []
    with store.write() as session:
        for parcel in parcels:
            record(session, "slow", parcel, Answer(204))
    assert send_all(store, allowed) == 1
    states = [(d.event, d.state) for d in desk.deliveries()]
    assert states[-1] == ("post.decision", "delivered") and {state for _, state in states[:-1]} == {"superseded"}


def test_all_that_waits_is_sent_once(store, desk, server, read, allowed):
    read(*(f"words {number}" for number in range(20)))
    send_all(store, allowed)
    assert sorted(server.ids) == sorted(d.id for d in desk.deliveries())
    assert len(set(server.ids)) == 20


def test_a_delivery_given_up_can_be_sent_again(store, desk, server, read, allowed):
    read("words")
    with store.write() as session:
        session.execute(update(Delivery).values(state="given_up", attempts=10))
    [delivery] = desk.deliveries()
    with store.write() as session:
        replay(session, delivery.id)
    send_all(store, allowed)
    assert server.ids == [delivery.id]
    assert [(d.state, d.attempts) for d in desk.deliveries()] == [("delivered", 1)]


def test_only_what_still_stands_can_be_sent_again(store, desk, server, read):
    read("words")
    [delivery] = desk.deliveries()
    desk.submit("0", "other words", revision=2)
    with store.write() as session, pytest.raises(Conflict):
        replay(session, delivery.id)
    with store.write() as session, pytest.raises(NotFound):
        replay(session, "msg_none")


def test_nothing_is_sent_again_of_a_deleted_post(store, desk, server, read):
    read("words")
    with store.write() as session:
        accept.delete(session, session.merge(desk.forum, load=False), "0", now())
    with store.write() as session, pytest.raises(Conflict):
        replay(session, desk.deliveries()[0].id)


def test_what_is_kept_of_an_answer_is_no_body(store, desk, server, read, allowed):
    read("words")
    server.status, server.body = 500, b"you sent: words of the post " * 1000
    send_all(store, allowed)
    [delivery] = desk.deliveries()
    assert delivery.last_error == "answered 500"
    assert "you sent" not in json.dumps(delivery.payload)


@pytest.mark.parametrize("happens", ["edited", "deleted", "taken over"])
def test_a_worker_that_was_frozen_before_it_sent_looks_once_more(
    store, desk, server, read, allowed, monkeypatch, happens
):
    read("words")
    with store.write() as session:
        _, parcels = claim(session, "frozen", allowed)
    monkeypatch.setattr(deliver, "FRESH_SECONDS", -1.0)
    if happens == "edited":
        desk.submit("0", "other words", revision=2)
    elif happens == "deleted":
        with store.write() as session:
            accept.delete(session, desk.forum, "0", now())
    else:
        desk.change(Delivery, lease_owner="another")
    for parcel, answer in deliver._answers(store, "frozen", parcels, allowed):
        with store.write() as session:
            record(session, "frozen", parcel, answer)
    assert server.received == []
    [delivery] = desk.deliveries()
    assert delivery.lease_owner == ("another" if happens == "taken over" else "")


def test_one_that_still_stands_is_sent(store, desk, server, read, allowed, monkeypatch):
    read("words")
    monkeypatch.setattr(deliver, "FRESH_SECONDS", -1.0)
    send_all(store, allowed)
    assert [delivery.state for delivery in desk.deliveries()] == ["delivered"]

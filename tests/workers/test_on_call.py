"""Who is on call hears of an overdue crisis post once, by a real webhook and a real mail server."""

import json
from datetime import timedelta

import pytest
from forum_server import forum_server
from mail_server import mail_server
from review_posts import SAMPLES, add_post
from sqlalchemy import select

from service.settings import settings
from service.store.models import Alert, QueueItem, now
from workers import on_call

CRISIS, MILD = SAMPLES[0], SAMPLES[13]


@pytest.fixture
def overdue(store, forum) -> str:
    """An overdue crisis post, one that is not overdue, and a mild one that is; the id of the first."""
    with store.write() as session:
        where = session.merge(forum.forum, load=False)
        late, early, mild = (add_post(session, where, s, n) for s, n in ((CRISIS, "1"), (CRISIS, "2"), (MILD, "3")))
        for item in (late, mild):
            session.get_one(QueueItem, item).due_at = now() - timedelta(minutes=5)
    return late


@pytest.fixture
def webhook(settings_env, store):
    with forum_server() as server:
        settings_env(HEED_ON_CALL_URL=f"{server.url}/hook", HEED_PUBLIC_URL="https://heed.example.org/")
        yield server


def alerts(store) -> list[Alert]:
    with store.read() as session:
        return list(session.scalars(select(Alert)))


def test_the_webhook_is_told_once_and_of_no_word(store, overdue, webhook):
    assert on_call.alert(store, settings()) == 1
    assert on_call.alert(store, settings()) == 0
    (request,) = webhook.received
    told = json.loads(request.body)
    assert told["text"] == told["content"] and f"https://heed.example.org/console/items/{overdue}" in told["text"]
    assert told["items"][0]["labels"] == ["self_harm.crisis"] and "webhook-signature" not in request.headers
    assert not any(word in request.body.decode() for word in ("letters", "weekend", "willowherb"))


def test_mail_is_sent(store, overdue, settings_env):
    with mail_server() as (url, kept):
        settings_env(HEED_ON_CALL_EMAIL="oncall@example.org", HEED_SMTP_URL=url)
        assert on_call.alert(store, settings()) == 1
        (message,) = kept
    assert message["To"] == "oncall@example.org" and overdue in message.get_content()
    assert "letters" not in message.as_string()


def test_one_way_that_works_is_enough(store, overdue, webhook, settings_env):
    settings_env(HEED_ON_CALL_EMAIL="oncall@example.org", HEED_SMTP_URL="smtp://127.0.0.1:1")
    assert on_call.alert(store, settings()) == 1 and len(webhook.received) == 1
    assert [known.state for known in alerts(store)] == ["sent"]


def test_what_failed_is_tried_again(store, overdue, webhook):
    webhook.status = 500
    assert on_call.alert(store, settings()) == 0
    (known,) = alerts(store)
    assert (known.state, known.attempts) == ("pending", 1) and "500" in known.last_error and known.due_at > now()
    webhook.status = 204
    assert on_call.alert(store, settings()) == 0, "not before its time"
    with store.write() as session:
        session.get_one(Alert, known.id).due_at = now()
    assert on_call.alert(store, settings()) == 1


def test_what_was_looked_at_meanwhile_alerts_nobody(store, overdue, webhook):
    webhook.status = 500
    on_call.alert(store, settings())
    with store.write() as session:
        session.get_one(QueueItem, overdue).state = "decided"
        session.scalar(select(Alert)).due_at = now()
    webhook.status = 204
    assert on_call.alert(store, settings()) == 0 and alerts(store) == [] and len(webhook.received) == 1


def test_nobody_on_call_costs_nothing(store, overdue):
    assert on_call.alert(store, settings()) == 0 and alerts(store) == []


def test_another_time_it_is_due_it_is_told_again(store, overdue, webhook):
    on_call.alert(store, settings())
    with store.write() as session:
        session.get_one(QueueItem, overdue).due_at = now() - timedelta(minutes=1)
    assert on_call.alert(store, settings()) == 1 and len(webhook.received) == 2

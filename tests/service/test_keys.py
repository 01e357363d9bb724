"""Keys change without a gap: for a while the old one holds beside the new one, and then no more."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from standardwebhooks.webhooks import Webhook
from submitting import count

from service import keys
from service.errors import Invalid
from service.forums import add_forum
from service.store.models import AuditEntry, Base, Forum, RetiredKey, now

WEEK = timedelta(days=7)
POST = {"id": "41", "body": "Is 50 of levothyroxine a lot?"}


@pytest.fixture
def rotate(store, forum):
    def rotate(kind: str, holds: timedelta = WEEK) -> str:
        with store.write() as session:
            return keys.rotate(session, session.get_one(Forum, forum.forum.id), kind, holds)

    return rotate


def by_key(client, key: str) -> int:
    return client.post("/v1/posts", json=POST, headers={"Authorization": f"Bearer {key}"}).status_code


def by_webhook(client, *secrets: str, slug: str = "harbour") -> int:
    raw, at = json.dumps(POST), datetime.now(UTC)
    signature = " ".join(Webhook(secret).sign("msg_1", at, raw) for secret in secrets)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    return client.post("/v1/posts", data=raw, headers={**headers, "X-Heed-Forum": slug}).status_code


def by_discourse(client, secret: str) -> int:
    signature = "sha256=" + hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()
    headers = {"X-Discourse-Event-Signature": signature, "X-Discourse-Event": "ping"}
    return client.post("/v1/forums/harbour/discourse", data=b"{}", headers=headers).status_code


WAYS = {"api-key": by_key, "webhook": by_webhook, "discourse": by_discourse}


def first(forum, kind: str) -> str:
    return forum.api_key if kind == "api-key" else getattr(forum.forum, keys.KINDS[kind].column)


@pytest.mark.parametrize("kind", WAYS)
def test_the_old_key_holds_beside_the_new_one_until_its_time_is_over(client, store, forum, rotate, kind):
    send, old = WAYS[kind], first(forum, kind)
    assert send(client, old) < 300
    new = rotate(kind)
    assert new != old and send(client, new) < 300 and send(client, old) < 300
    with store.write() as session:
        session.execute(update(RetiredKey).values(until=now() - timedelta(seconds=1)))
    assert send(client, old) == 401 and send(client, new) < 300


@pytest.mark.parametrize("kind", WAYS)
def test_no_more_than_two_hold_at_once(client, forum, rotate, kind):
    send, oldest = WAYS[kind], first(forum, kind)
    older, newest = rotate(kind), rotate(kind)
    assert send(client, newest) < 300 and send(client, older) < 300 and send(client, oldest) == 401


@pytest.mark.parametrize("kind", WAYS)
def test_after_a_theft_the_old_key_ends_at_once_and_what_it_left_behind(client, store, forum, rotate, kind):
    send, oldest = WAYS[kind], first(forum, kind)
    stolen = rotate(kind)
    new = rotate(kind, timedelta())
    assert [send(client, key) for key in (oldest, stolen)] == [401, 401] and send(client, new) < 300
    assert count(store, RetiredKey) == 0


def test_one_kind_leaves_the_others_and_other_forums_as_they_are(client, store, forum, rotate):
    with store.write() as session:
        other = add_forum(session, "quayside", "Quayside")
    for kind in keys.KINDS:
        rotate(kind, timedelta())
        assert (
            by_key(client, other.api_key) == 202
            and by_webhook(client, other.forum.webhook_secret, slug="quayside") < 300
        )
    assert by_webhook(client, other.forum.webhook_secret) == 401
    with store.read() as session:
        now_there = session.get_one(Forum, forum.forum.id)
        kept = [getattr(now_there, kind.column) for kind in keys.KINDS.values()]
        assert len({*kept, *(getattr(forum.forum, kind.column) for kind in keys.KINDS.values())}) == 8


def test_a_forum_may_sign_by_both_meanwhile(client, forum, rotate):
    new = rotate("webhook")
    assert by_webhook(client, keys.new_secret(), new) < 300
    assert by_webhook(client, forum.forum.webhook_secret, new) < 300
    assert by_webhook(client, keys.new_secret(), keys.new_secret()) == 401


def test_no_api_key_stands_anywhere_in_the_clear(store, forum, rotate):
    shown = [forum.api_key, rotate("api-key"), rotate("api-key")]
    with store.read() as session:
        everything = str([session.execute(select(table)).all() for table in Base.metadata.sorted_tables])
    assert not [key for key in shown if key in everything or key.removeprefix("heed_") in everything]
    assert [keys.hash_key(key) in everything for key in shown] == [False, True, True]


def test_a_key_of_one_forum_never_opens_another(client, store, forum, rotate):
    """Its retired API key, too: what it sends goes to its own forum."""
    rotate("api-key")
    with store.write() as session:
        add_forum(session, "quayside", "Quayside")
    answer = client.post("/v1/posts", json=POST, headers={"Authorization": f"Bearer {forum.api_key}"})
    with store.read() as session:
        whose = session.scalar(text("SELECT forum_id FROM post WHERE id = :id").bindparams(id=answer.json["id"]))
    assert whose == forum.forum.id


def test_a_change_is_written_down_without_the_key(store, forum, rotate):
    new = rotate("webhook")
    with store.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.what == "rotated_key")).one()
    assert entry.detail["forum"] == forum.forum.id and entry.detail["kind"] == "webhook"
    assert new not in str(entry.detail) and forum.forum.webhook_secret not in str(entry.detail)


@pytest.mark.parametrize("holds", [timedelta(seconds=-1), timedelta(days=91)])
def test_an_old_key_holds_for_a_while_not_for_ever(rotate, holds):
    with pytest.raises(Invalid):
        rotate("webhook", holds)


def test_what_is_worth_nothing_is_not_kept(store, rotate):
    rotate("webhook")
    rotate("callback")
    keys.forget_old(store)
    assert count(store, RetiredKey) == 2
    with store.write() as session:
        session.execute(update(RetiredKey).where(RetiredKey.kind == "webhook").values(until=now()))
    keys.forget_old(store)
    with store.read() as session:
        assert session.scalars(select(RetiredKey.kind)).all() == ["callback"]

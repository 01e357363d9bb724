"""Discourse's own webhook, as Discourse sends it."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import select
from submitting import count, read_pending

from service.intake.numbered import LEAP
from service.store.models import EventCount, Forum, Post, QueueItem, Revision

TEXT = "Has anyone been told to halve their dose?"
RAW = {
    "id": 158,
    "name": "Jo",
    "username": "jo_b",
    "created_at": "2026-11-20T21:03:11.402Z",
    "updated_at": "2026-11-20T21:03:11.402Z",
    "cooked": f"<p>{TEXT}</p>",
    "raw": TEXT,
    "post_number": 1,
    "post_type": 1,
    "post_url": "/t/halving/77/1",
    "topic_id": 77,
    "topic_title": "Halving",
    "category_id": 5,
    "category_slug": "thyroid",
    "version": 1,
    "user_id": 12,
    "hidden": False,
    "deleted_at": None,
    "user_deleted": False,
    "topic_archetype": "regular",
    "reactions": [],
}


def sign(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


@pytest.fixture
def send(client, forum):
    """Send an event as Discourse does, counted and signed with the forum's Discourse secret; `send.kept` is what was sent."""
    kept: list[dict] = []

    def send(
        event: str = "post_created", kind: str = "post", slug: str = "harbour", body: object = None, **changes: object
    ):
        raw = json.dumps({"post": RAW | changes} if body is None else body).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Discourse/3.5",
            "X-Discourse-Instance": "https://forum.example.org",
            "X-Discourse-Event-Id": str(158765 + len(kept)),
            "X-Discourse-Event-Type": kind,
            "X-Discourse-Event": event,
            "X-Discourse-Event-Signature": sign(forum.forum.discourse_secret, raw),
        }
        kept.append({"path": f"/v1/forums/{slug}/discourse", "data": raw, "headers": headers})
        return client.post(**kept[-1])

    send.kept = kept
    return send


def texts(store, *states: str) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Revision.body).where(Revision.state.in_(states or ("pending",)))))


def test_discourses_own_test_vector(client, forum, store):
    with store.write() as session:
        session.get_one(Forum, forum.forum.id).discourse_secret = "my_lovely_secret_for_web_hook"
    signature = "sha256=162f107f6b5022353274eb1a7197885cfd35744d8d08e5bcea025d309386b7d6"
    headers = {"X-Discourse-Event": "ping", "X-Discourse-Event-Type": "ping", "X-Discourse-Event-Signature": signature}
    answer = client.post("/v1/forums/harbour/discourse", data=b'{"ping":"OK"}', headers=headers)
    assert answer.status_code == 200 and answer.json == {"status": "ok"}
    headers["X-Discourse-Event-Signature"] = signature[:-1] + "7"
    assert client.post("/v1/forums/harbour/discourse", data=b'{"ping":"OK"}', headers=headers).status_code == 401


def test_a_post_is_taken_in(send, store):
    assert send().status_code == 202
    with store.read() as session:
        revision = session.scalar(select(Revision))
        post = session.scalar(select(Post))
    assert (revision.body, revision.format, revision.title, revision.board) == (TEXT, "markdown", "Halving", "thyroid")
    assert (revision.author, revision.url) == ("jo_b", "https://forum.example.org/t/halving/77/1")
    assert post.external_id == "forum.example.org/p/158"


def test_redelivery_stores_nothing_new(send, store):
    assert [send().status_code for _ in range(3)] == [202, 202, 202]
    assert count(store, Revision) == 1


def test_a_form_encoded_delivery_holds_the_same_json(client, forum, store):
    raw = json.dumps({"post": RAW}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Discourse-Event-Type": "post",
        "X-Discourse-Event": "post_created",
        "X-Discourse-Event-Signature": sign(forum.forum.discourse_secret, raw),
    }
    assert client.post("/v1/forums/harbour/discourse", data=raw, headers=headers).status_code == 202
    assert texts(store) == [TEXT]


def test_an_edit_is_read_again_and_a_quick_edit_too(send, store):
    send()
    read_pending(store)
    send("post_edited", raw="Quick edit", updated_at="2026-11-20T21:04:00.000Z")
    assert texts(store) == ["Quick edit"]
    send("post_edited", version=2, raw="Counted edit", updated_at="2026-11-20T22:04:00.000Z")
    assert texts(store) == ["Counted edit"]
    send("post_edited", raw="Quick edit", updated_at="2026-11-20T21:04:00.000Z")
    assert texts(store) == ["Counted edit"]


def test_a_destroyed_post_leaves_the_queue_and_a_recovered_one_is_read_again(send, store):
    send()
    read_pending(store, "dosing")
    send("post_destroyed", deleted_at="2026-11-20T23:00:00.000Z")
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "withdrawn"
    send("post_recovered")
    assert texts(store) == [TEXT]


LIFE = (
    ("post_created", {}),
    ("post_edited", {"raw": "Quick edit", "updated_at": "2026-11-20T21:04:00.000Z"}),
    ("post_destroyed", {"raw": "Quick edit", "updated_at": "2026-11-20T21:04:00.000Z"}),
    ("post_recovered", {"raw": "Quick edit", "updated_at": "2026-11-20T21:04:00.000Z"}),
    ("post_edited", {"version": 2, "raw": "Counted edit", "updated_at": "2026-11-20T22:04:00.000Z"}),
    ("post_destroyed", {"version": 2, "raw": "Counted edit", "updated_at": "2026-11-20T22:04:00.000Z"}),
    ("post_recovered", {"version": 2, "raw": "Counted edit", "updated_at": "2026-11-20T22:04:00.000Z"}),
)
"""What Discourse sends of one post. Its deletion and its recovery say neither in the body nor by a time that they are one."""


@pytest.mark.parametrize("events", range(1, len(LIFE) + 1))
def test_what_was_recorded_undoes_nothing_newer(send, store, client, events):
    for event, changes in LIFE[:events]:
        assert send(event, **changes).status_code == 202
    stands = standing(store)
    for recorded in (*send.kept, *reversed(send.kept)):
        assert client.post(**recorded).status_code == 202
        assert standing(store) == stands


def test_what_was_recorded_brings_no_erased_post_back(send, store, client, forum):
    for event, changes in LIFE:
        send(event, **changes)
    key = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.delete("/v1/posts/forum.example.org/p/158?erase=true", headers=key).status_code == 200
    for recorded in send.kept:
        assert client.post(**recorded).status_code == 202
    assert count(store, Revision) == 0


@pytest.mark.parametrize("number", ["", "none", "-1", "9" * 19, "²"])
def test_an_event_without_a_number_is_taken_as_it_comes(send, store, client, number):
    send()
    for event, left in (("post_destroyed", []), ("post_recovered", [TEXT])):
        client.post(
            **send.kept[0]
            | {
                "headers": send.kept[0]["headers"]
                | {"X-Discourse-Event": event, "X-Discourse-Event-Id": number.encode().decode("latin1")}
            }
        )
        assert texts(store) == left


def test_without_its_number_what_was_recorded_undoes_nothing(send, store, client):
    for event, changes in LIFE:
        send(event, **changes)
    stands = standing(store)
    for recorded in (*send.kept, *reversed(send.kept)):
        client.post(**recorded | {"headers": recorded["headers"] | {"X-Discourse-Event-Id": ""}})
        assert standing(store) == stands


@pytest.mark.parametrize("number", ["", "999999"])
@pytest.mark.parametrize("events", [1, len(LIFE)])
def test_no_recovery_brings_an_erased_post_back(send, store, client, forum, events, number):
    for event, changes in LIFE[:events]:
        send(event, **changes)
    key = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.delete("/v1/posts/forum.example.org/p/158?erase=true", headers=key).status_code == 200
    recorded = send.kept[-1]
    told = {"X-Discourse-Event": "post_recovered", "X-Discourse-Event-Id": number}
    assert client.post(**recorded | {"headers": recorded["headers"] | told}).status_code == 202
    assert count(store, Revision) == 0
    with store.read() as session:
        assert session.scalars(select(Post.erased)).one()


@pytest.fixture
def forge(client, send):
    """Send what was recorded, an event of another name, number or Discourse: the headers are not signed."""

    def forge(recorded: dict, event: str, number: int, **headers: str):
        told = {"X-Discourse-Event": event, "X-Discourse-Event-Id": str(number)} | headers
        assert client.post(**recorded | {"headers": recorded["headers"] | told}).status_code == 202

    return forge


@pytest.mark.parametrize("forged", ["post_destroyed", "post_recovered"])
def test_a_number_that_discourse_has_not_come_to_shuts_no_post(send, store, forge, forged):
    send()
    forge(send.kept[0], forged, 10**17)
    for event, left in (("post_destroyed", []), ("post_recovered", [TEXT]), ("post_destroyed", [])):
        send(event)
        assert texts(store) == left
    stands = standing(store)
    forge(send.kept[2], "post_recovered", 158767)
    assert standing(store) == stands


def test_a_number_that_discourse_may_have_come_to_shuts_a_post_until_it_has(send, store, forge):
    send()
    forge(send.kept[0], "post_recovered", 158765 + LEAP)
    send("post_destroyed")
    assert texts(store) == [TEXT]
    forge(send.kept[0], "post_destroyed", 158765 + LEAP + 1)
    assert texts(store) == []


def test_a_text_sent_again_says_nothing_of_how_far_discourse_has_counted(send, store, forge):
    send()
    forge(send.kept[0], "post_created", 10**17)
    with store.read() as session:
        assert session.scalars(select(EventCount.number)).one() == 158765


def test_two_discourses_count_apart(send, store, client, forge):
    for event, changes in LIFE:
        send(event, **changes)
    stands = standing_of(store, 158)
    forge(send.kept[0], "post_created", 5, **{"X-Discourse-Instance": "https://other.example.org"})
    for recorded in send.kept:
        client.post(**recorded)
        assert standing_of(store, 158) == stands
    with store.read() as session:
        counted = {row.instance: row.number for row in session.scalars(select(EventCount))}
    assert counted == {"forum.example.org": 158769, "other.example.org": 5}


@pytest.mark.parametrize("event", ["post_destroyed", "post_recovered"])
def test_an_older_text_deletes_and_recovers_nothing_whatever_its_number(send, store, forge, event):
    send()
    send("post_edited", raw="Quick edit", updated_at="2026-11-20T21:04:00.000Z")
    if event == "post_recovered":
        send("post_destroyed", raw="Quick edit", updated_at="2026-11-20T21:04:00.000Z")
    stands = standing(store)
    forge(send.kept[0], event, 158999)
    assert standing(store) == stands


def standing(store) -> tuple[bool, int, list[tuple[str, str]]]:
    """Whether the post is there, its newest revision, and the texts with their states."""
    with store.read() as session:
        post = session.scalars(select(Post)).one()
        revisions = session.execute(select(Revision.body, Revision.state).order_by(Revision.number))
        return post.deleted, post.revision, [tuple(row) for row in revisions]


def standing_of(store, number: int) -> tuple[bool, int]:
    """Whether a post of the Discourse is deleted, and its newest revision."""
    with store.read() as session:
        post = session.scalars(select(Post).where(Post.external_id == f"forum.example.org/p/{number}")).one()
        return post.deleted, post.revision


def test_a_deletion_that_comes_before_its_post(send, store):
    send("post_destroyed", deleted_at="2026-11-20T23:00:00.000Z")
    send()
    assert texts(store) == []


@pytest.mark.parametrize(
    "changes",
    [{"post_type": 3}, {"post_type": 4}, {"topic_archetype": "private_message"}, {"hidden": True}],
)
def test_what_is_not_for_us_is_answered_202_and_not_stored(send, store, changes):
    answer = send(**changes)
    assert answer.status_code == 202 and answer.json["status"] == "ignored"
    assert count(store, Revision) == 0


def test_hidden_by_our_own_verdict_goes_on_waiting(send, store):
    send()
    read_pending(store, "dosing")
    send("post_edited", hidden=True)
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "open"


def test_an_edit_of_a_post_that_our_verdict_hid_is_read(send, store):
    send()
    read_pending(store, "dosing")
    send("post_edited", hidden=True, raw="other words", version=2)
    assert texts(store) == ["other words"]


def test_private_messages_are_read_where_the_forum_opted_in(send, store, forum):
    with store.write() as session:
        session.get_one(Forum, forum.forum.id).read_private_messages = True
    send(topic_archetype="private_message")
    assert texts(store) == [TEXT]


def test_other_events_are_answered_202(send, store):
    assert send("topic_created", "topic", body={"topic": {"id": 1}}).status_code == 202
    assert count(store, Post) == 0


@pytest.mark.parametrize("body", [[], {"post": 7}, {"post": {}}, {"post": {"id": 1}}, {"post": RAW | {"id": "x"}}])
def test_a_payload_that_is_not_discourses_is_422(send, store, body):
    assert send(body=body).status_code == 422
    assert count(store, Post) == 0


def test_never_404_or_410(send, client):
    assert send(slug="nobody").status_code == 401
    assert client.post("/v1/forums/nobody/discourse").status_code == 401


def test_a_deletion_is_never_lost_for_want_of_a_queue(send, settings_env, store):
    send()
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    assert send("post_destroyed").status_code == 202
    with store.read() as session:
        assert session.scalar(select(Post.deleted)) is True


def test_no_queue_is_503_so_that_discourse_may_try_again(send, settings_env, store):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    assert send().status_code == 503
    assert count(store, Post) == 0


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "never"])
@pytest.mark.parametrize("member", ["deleted_at", "updated_at"])
def test_a_time_that_is_none_is_no_error_of_ours(send, member, moment):
    assert send(**{member: moment}).status_code == 202


@pytest.mark.parametrize("instance", ["http://[", "https://\xff\x00", "https://" + "a" * 500])
def test_an_instance_that_is_no_address_is_no_error_of_ours(client, forum, instance):
    raw = json.dumps({"post": RAW | {"deleted_at": "2026-11-20T21:03:11Z"}}).encode()
    headers = {
        "X-Discourse-Event": "post_destroyed",
        "X-Discourse-Event-Signature": sign(forum.forum.discourse_secret, raw),
        "X-Discourse-Instance": instance,
    }
    assert client.post("/v1/forums/harbour/discourse", data=raw, headers=headers).status_code in (202, 422)

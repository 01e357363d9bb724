"""Coral's external moderation phase, by its published guide and what its server sends (pipeline/phases/external.ts)."""

import hashlib
import hmac
import json

import pytest
from jsonschema import Draft202012Validator
from marker import MARKER, columns_with
from reading_along import worker
from submitting import count

from service import readings
from service.forums import set_coral_secret
from service.openapi import describe
from service.store.models import Forum, Post

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""How texts are stored and forgotten, test_readings.py shows on both."""

SECRET, NEWER = "32fb0e6a1b7c4f0f8d7c55a2d9a3f6e1", "a-newer-secret-of-coral-0123456789"
FLAG = {"actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}]}
RECORDED = """{
  "action": "NEW",
  "comment": {
    "body": "<div>Just stop the tablets \N{EN DASH} crisis</div>",
    "parentID": null
  },
  "author": {
    "id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352",
    "role": "COMMENTER"
  },
  "story": {
    "id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6",
    "url": "http://localhost:1313/posts/a-story-url/"
  },
  "site": {
    "id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"
  },
  "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
  "tenantDomain": "localhost"
}"""
"""The guide's example as JavaScript's `JSON.stringify(request, null, 2)` writes it; the signatures are Node's own HMAC."""
SIGNED = "sha256=5155183ab302ed3e6b39c067073056de6c14a43ce8341ec16439b753be16e2be"
SIGNED_BY_NEWER = "sha256=63d71eaf51a82205337693fd616c673bfce5b828c5f6419f155290e03663bf2b"


@pytest.fixture(autouse=True)
def set_up(store, forum, valkey, settings_env):
    settings_env(HEED_WAIT_SECONDS_MAX=20)
    with store.write() as session:
        set_coral_secret(session, "harbour", SECRET)


@pytest.fixture
def post(client):
    """Send a request as Coral does; `signature` stands in the place of the right one."""

    def post(body: object, signature: str | None = None, query: str = "?wait=20", slug: str = "harbour"):
        raw = body if isinstance(body, bytes) else json.dumps(body, indent=2).encode()
        signed = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        headers = {
            "User-Agent": "Coral Moderation/9.6.0",
            "Content-Type": "application/json",
            "X-Coral-Signature": signed if signature is None else signature,
        }
        return client.post(f"/v1/forums/{slug}/coral{query}", data=raw, headers=headers)

    return post


@pytest.fixture
def ask(post, store):
    """What Coral is told of a comment."""

    def ask(body: str):
        with worker(store):
            return post({"action": "NEW", "comment": {"body": f"<div>{body}</div>", "parentID": None}})

    return ask


def test_a_recorded_request_is_answered_and_forgotten(post, store):
    with worker(store):
        answer = post(RECORDED.encode(), SIGNED)
    assert (answer.status_code, answer.json) == (200, FLAG)
    assert count(store, Post) == 0


def test_nothing_to_say_is_204_without_a_body(ask):
    for words in ("a walk", "", "!?"):
        answer = ask(words)
        assert (answer.status_code, answer.data) == (204, b""), words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("crisis", FLAG),
        ("ideation", FLAG),
        ("dosing", FLAG),
        ("dangerous_remedy", {"status": "SYSTEM_WITHHELD"}),
        ("encouragement", {"status": "SYSTEM_WITHHELD"}),
        ("my card is 4111 1111 1111 1111", {"status": "SYSTEM_WITHHELD"}),
        ("GERMAN", FLAG),
    ],
)
def test_what_coral_is_told_follows_the_action(ask, words, told):
    answer = ask(words)
    assert (answer.status_code, answer.json) == (200, told)


def test_a_policy_that_removes_has_coral_reject(ask, store, forum):
    with store.write() as session:
        here = session.get_one(Forum, forum.forum.id)
        here.policy = "[actions.medical]\nmedium = 'remove'\n"
    assert ask("dosing").json == {"status": "REJECTED"}


@pytest.mark.parametrize("sent", [f"{SIGNED_BY_NEWER},{SIGNED}", f"{SIGNED},{SIGNED_BY_NEWER}", f"sha1=0, {SIGNED}"])
def test_while_coral_rotates_one_of_its_signatures_is_enough(post, store, sent):
    with worker(store):
        assert post(RECORDED.encode(), sent).status_code == 200


@pytest.mark.parametrize(
    "sent", ["", SIGNED_BY_NEWER, SIGNED.removeprefix("sha256="), SIGNED[:-1], f"{SIGNED},"[1:], "é"]
)
def test_what_is_not_signed_by_the_forums_coral_is_refused(post, sent):
    answer = post(RECORDED.encode(), sent)
    assert answer.status_code == 401 and "heed forum coral" in answer.json["detail"]


def test_a_changed_byte_breaks_the_signature(post):
    assert post(RECORDED.replace("tablets", "tablet").encode(), SIGNED).status_code == 401


@pytest.mark.parametrize("slug", ["harbour", "nowhere", "Not a slug"])
def test_a_forum_without_coral_and_one_that_is_none_are_refused_alike(post, store, slug):
    with store.write() as session:
        set_coral_secret(session, "harbour", "")
    empty = "sha256=" + hmac.new(b"", RECORDED.encode(), hashlib.sha256).hexdigest()
    answers = [post(RECORDED.encode(), sent, slug=slug) for sent in (SIGNED, empty)]
    assert [(each.status_code, each.json["title"]) for each in answers] == [(401, "Not authenticated")] * 2


@pytest.mark.parametrize("policy", ["", "[not_checked]\nfailed = 'hold'\n"])
def test_what_is_not_read_in_time_is_dealt_with_as_what_can_not_be_read(post, store, forum, policy):
    with store.write() as session:
        session.get_one(Forum, forum.forum.id).policy = policy
    answer = post({"comment": {"body": "words"}}, query="?wait=0")
    assert answer.json == ({"status": "SYSTEM_WITHHELD"} if policy else FLAG)
    assert count(store, Post) == 0


def test_nobody_gets_past_by_a_comment_that_is_too_long_or_by_flooding(post, store, settings_env):
    settings_env(HEED_MAX_TEXT_CHARS=100, HEED_RATE_LIMIT="1/minute")
    assert post({"comment": {"body": "a" * 101}}).json == FLAG
    with worker(store):
        assert post({"comment": {"body": "a walk"}}).status_code == 204
    assert post({"comment": {"body": "a walk"}}).json == FLAG


def test_a_comment_is_stored_as_html_while_it_is_read(post, monkeypatch):
    stored, keep = [], readings._store
    monkeypatch.setattr(
        readings, "_store", lambda session, forum, each: stored.append(each) or keep(session, forum, each)
    )
    assert post({"comment": {"body": "<div>a walk</div>"}}, query="?wait=0").json == FLAG
    assert [(each.body, each.format) for each in stored] == [("<div>a walk</div>", "html")]


@pytest.mark.parametrize("body", [b"", b"[]", {}, {"comment": {"body": 7.5}}])
def test_what_is_no_request_of_corals_is_refused_in_words(post, body):
    answer = post(body)
    assert answer.status_code == 422 and answer.json["detail"]


@pytest.mark.parametrize("wait", ["soon", "-1", "inf"])
def test_how_long_to_wait_is_a_number_of_seconds(post, wait):
    assert post(RECORDED.encode(), SIGNED, query=f"?wait={wait}").json["field"] == "wait"


def test_the_answer_is_as_described(ask):
    schema = {"$ref": "#/components/schemas/CoralAnswer", "components": describe()["components"]}
    for words in ("crisis", "encouragement"):
        Draft202012Validator(schema).validate(ask(words).json)


def test_nothing_of_a_comment_is_kept(ask, store):
    assert ask(f"{MARKER} crisis").json == FLAG
    assert columns_with(store) == []

"""`/v1/posts`: submitting, asking, deleting, and every way a request can be wrong."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select
from submitting import POST, count, read_pending, signed

from service.intake.accept import NORMAL
from service.store.models import Delivery, Post, QueueItem, Revision, Verdict
from service.waiting import place


@pytest.fixture
def send(client, forum):
    """Post JSON with the forum's API key."""

    def send(path: str = "/v1/posts", document: object = POST, **headers: str):
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = headers or {"Authorization": f"Bearer {forum.api_key}"}
        return client.post(path, data=raw, headers=headers)

    return send


def test_a_post_is_stored_and_a_worker_is_woken(send, store, valkey):
    answer = send()
    assert answer.status_code == 202 and answer.json["status"] == "pending" and answer.json["verdict"] is None
    assert answer.headers["Location"] == answer.json["verdict_url"]
    assert answer.json["verdict_url"].endswith(f"/v1/posts/{answer.json['id']}")
    assert Queue("classify", connection=Redis.from_url(valkey), serializer="json").count == 1
    assert count(store, Revision) == 1


def test_a_number_is_an_id_too(send):
    assert send(document=POST | {"id": 41}).json["external_id"] == "41"


def test_no_text_goes_to_redis(send, valkey):
    send(document=POST | {"title": "unmistakable-title", "body": "unmistakable-body"})
    connection = Redis.from_url(valkey)
    held = b"".join(connection.dump(key) or b"" for key in connection.scan_iter())
    assert held and b"unmistakable" not in held


def test_a_signed_post_is_stored(send, forum, store):
    raw = json.dumps(POST).encode()
    assert send(document=raw, **signed(forum, raw)).status_code == 202
    assert count(store, Post) == 1


def test_wait_answers_with_the_verdict_when_it_is_there(send, store):
    send()
    read_pending(store, "dosing")
    answer = send("/v1/posts?wait=5")
    assert answer.status_code == 200 and answer.json["verdict"]["action"] == "flag"


def test_wait_that_runs_out_answers_202(send):
    assert send("/v1/posts?wait=0.2").status_code == 202


def test_where_half_of_the_threads_wait_the_next_does_not(send, store, settings_env):
    settings_env(HEED_WEB_THREADS=4)
    with place() as first, place() as second:
        answer = send("/v1/posts?wait=9")
        assert first and second and answer.status_code == 202
        assert answer.json["verdict_url"] == answer.headers["Location"]
    with store.read() as session:
        assert session.scalar(select(Revision.urgent)) == NORMAL, "nobody waits for it"
    read_pending(store)
    assert send("/v1/posts?wait=9").status_code == 200


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf"])
def test_a_wait_that_is_no_time_is_refused(send, wait):
    answer = send(f"/v1/posts?wait={wait}")
    assert answer.status_code == 422 and answer.json["field"] == "wait"


def test_twice_the_same_is_one_verdict_and_the_same_answer(send, store):
    first = send()
    read_pending(store)
    second, third = send(), send()
    assert first.json["id"] == second.json["id"] and second.json == third.json
    assert count(store, Verdict) == 1


def test_another_text_under_the_same_revision_is_a_conflict(send, store):
    send()
    answer = send(document=POST | {"body": "Something else"})
    assert answer.status_code == 409 and answer.json["field"] == "revision"
    with store.read() as session:
        assert session.scalars(select(Revision.body)).all() == [POST["body"]]


def test_a_newer_revision_takes_the_post_from_the_queue_and_its_callback_back(send, store):
    send()
    read_pending(store, "dosing")
    send(document=POST | {"revision": 2, "body": "Edited"})
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "withdrawn"
        assert session.scalar(select(Delivery.state)) == "superseded"
    answer = send(document=POST | {"revision": 2, "body": "Edited"})
    assert answer.json["status"] == "pending" and answer.json["revision"] == 2


def test_an_older_revision_that_comes_late_changes_nothing(send, store):
    send(document=POST | {"revision": 3, "body": "Newest"})
    late = send(document=POST | {"revision": 2, "body": "Older"})
    assert late.status_code == 202 and late.json["revision"] == 3
    with store.read() as session:
        assert session.scalars(select(Revision.body)).all() == ["Newest"]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (b"{", ""),
        (b"\xff\xfe{}", ""),
        (b"[" * 200_000, ""),
        (b'{"id": "1", "body": "x", "revision": NaN}', ""),
        (b"[]", ""),
        ({"body": "x"}, "id"),
        ({"id": "1"}, "body"),
        ({"id": " ", "body": "x"}, "id"),
        ({"id": "4\n1", "body": "x"}, "id"),
        (POST | {"body": "nul \x00"}, "body"),
        (POST | {"title": "half \ud800"}, "title"),
        (POST | {"format": "rtf"}, "format"),
        (POST | {"revision": 0}, "revision"),
        (POST | {"revision": True}, "revision"),
        (POST | {"created_at": "yesterday"}, "created_at"),
        (POST | {"url": "javascript:alert(1)"}, "url"),
        (POST | {"txet": "x"}, "txet"),
        (POST | {"body": ["x"]}, "body"),
        (POST | {"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        (POST | {"my very private words as a name": 1}, ""),
    ],
)
def test_a_bad_post_names_its_field_and_stores_nothing(send, store, document, field):
    answer = send(document=document)
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert answer.json.get("field", "") == field and answer.json["detail"]
    assert count(store, Post) == 0


def test_a_body_too_long_says_so_without_repeating_it(send, settings_env):
    settings_env(HEED_MAX_TEXT_CHARS=100)
    answer = send(document=POST | {"body": "private " * 20})
    assert answer.status_code == 422 and "100 characters" in answer.json["detail"] and "private" not in answer.text


def test_a_request_too_large_is_413(store, forum, valkey, settings_env):
    from service.web import create_app

    settings_env(HEED_MAX_BODY_BYTES=2000)
    client = create_app().test_client()
    answer = client.post("/v1/posts", data=b"x" * 3000, headers={"Authorization": f"Bearer {forum.api_key}"})
    assert answer.status_code == 413 and "2000" in answer.json["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nothing": "1"},
        {"Authorization": "Bearer heed_wrong"},
        {"Authorization": "Basic abc"},
        {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,xx", "X-Heed-Forum": "harbour"},
        {"webhook-id": "m", "webhook-timestamp": "x", "webhook-signature": "nonsense", "X-Heed-Forum": "harbour"},
        {"webhook-signature": "v1,xx", "X-Heed-Forum": "nobody"},
    ],
)
def test_whoever_is_not_the_forum_is_refused(send, store, headers):
    answer = send(**headers)
    assert answer.status_code == 401 and answer.json["detail"]
    assert count(store, Post) == 0


def test_a_changed_byte_breaks_the_signature(send, forum):
    raw = json.dumps(POST).encode()
    assert send(document=raw + b" ", **signed(forum, raw)).status_code == 401


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_signature_is_refused(send, forum, minutes):
    raw = json.dumps(POST).encode()
    answer = send(document=raw, **signed(forum, raw, datetime.now(UTC) + timedelta(minutes=minutes)))
    assert answer.status_code == 401 and "timestamp" in answer.json["detail"]


def test_the_tolerance_is_a_setting(send, forum, settings_env):
    settings_env(HEED_SIGNATURE_TOLERANCE_SECONDS=30)
    raw = json.dumps(POST).encode()
    answer = send(document=raw, **signed(forum, raw, datetime.now(UTC) - timedelta(seconds=60)))
    assert answer.status_code == 401


def test_too_many_posts_are_429_with_the_time_to_wait(send, settings_env):
    settings_env(HEED_RATE_LIMIT="2/minute")
    codes = [send(document=POST | {"id": str(n)}) for n in range(3)]
    assert [answer.status_code for answer in codes] == [202, 202, 429]
    assert 0 < int(codes[-1].headers["Retry-After"]) <= 60


def test_no_queue_is_503_and_stores_nothing(send, store, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    answer = send()
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert count(store, Post) == 0


def test_no_database_is_503(send, settings_env):
    settings_env(HEED_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    answer = send()
    assert answer.status_code == 503 and answer.headers["Retry-After"] and "Nothing was stored" in answer.json["detail"]


def test_a_full_backlog_is_503(send, settings_env, store):
    settings_env(HEED_MAX_PENDING=1)
    assert send().status_code == 202
    answer = send(document=POST | {"id": "42"})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert count(store, Post) == 1


def test_a_count_that_is_old_refuses_nobody(send, settings_env, store):
    settings_env(HEED_MAX_PENDING=1)
    assert send().status_code == 202
    read_pending(store)
    assert send(document=POST | {"id": "42"}).status_code == 202


def test_a_batch_takes_the_good_and_names_the_bad(send, store):
    posts = [POST, POST | {"id": "42", "format": "rtf"}, POST | {"id": "43"}, POST | {"body": "another"}]
    answer = send("/v1/posts/batch", {"posts": posts})
    assert answer.status_code == 207
    first, second, third, fourth = answer.json["results"]
    assert (first["external_id"], third["external_id"]) == ("41", "43")
    assert second["problem"]["field"] == "format" and fourth["problem"]["status"] == 409
    assert count(store, Revision) == 2


@pytest.mark.parametrize("many", [0, 101])
def test_a_batch_has_one_to_a_hundred_posts(send, store, many):
    answer = send("/v1/posts/batch", {"posts": [POST | {"id": str(n)} for n in range(many)]})
    assert answer.status_code == 422 and answer.json["field"] == "posts"
    assert count(store, Post) == 0


def test_a_whole_batch_is_202(send):
    answer = send("/v1/posts/batch", {"posts": [POST | {"id": str(n)} for n in range(100)]})
    assert answer.status_code == 202 and [r["external_id"] for r in answer.json["results"]] == [
        str(n) for n in range(100)
    ]


def test_a_verdict_by_our_id_and_by_the_forums(send, client, forum, store):
    ours = send().json["id"]
    read_pending(store, "crisis")
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    by_ours, by_theirs = (client.get(f"/v1/posts/{id_}", headers=headers) for id_ in (ours, "41"))
    assert by_ours.json == by_theirs.json and by_ours.json["verdict"]["action"] == "escalate"
    assert client.get("/v1/posts/999", headers=headers).status_code == 404
    assert client.get(f"/v1/posts/{ours}").status_code == 401


def test_a_forum_sees_only_its_own_posts(send, client, store):
    from service.forums import add_forum

    ours = send().json["id"]
    with store.write() as session:
        other = add_forum(session, "other", "Other")
    headers = {"Authorization": f"Bearer {other.api_key}"}
    assert client.get(f"/v1/posts/{ours}", headers=headers).status_code == 404
    client.delete(f"/v1/posts/{ours}", headers=headers)
    with store.read() as session:
        assert session.get_one(Post, ours).deleted is False


def test_a_deleted_post_leaves_the_queue_and_comes_back(send, client, forum, store):
    send()
    read_pending(store, "dosing")
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.delete("/v1/posts/41", headers=headers).json["status"] == "deleted"
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "withdrawn"
    back = {"type": "post.recovered", "timestamp": datetime.now(UTC).isoformat(), "data": {"id": "41"}}
    assert send("/v1/events", back).json["status"] == "pending"
    read_pending(store, "dosing")
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "open"


def test_erasing_leaves_no_word(send, client, forum, store):
    send(document=POST | {"title": "unmistakable", "parent": "unmistakable"})
    read_pending(store, "dosing")
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.delete("/v1/posts/41?erase=true", headers=headers).json["status"] == "deleted"
    assert [count(store, table) for table in (Revision, Verdict, QueueItem, Delivery)] == [0, 0, 0, 0]
    assert send().status_code == 202
    assert count(store, Revision) == 0


def test_erasing_wins_against_a_clock_that_is_ahead(send, client, forum, store):
    send()
    ahead = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    send("/v1/events", {"type": "post.recovered", "timestamp": ahead, "data": {"id": "41"}})
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.delete("/v1/posts/41?erase=true", headers=headers).json["status"] == "deleted"
    assert count(store, Revision) == 0


def test_a_nul_in_an_address_is_no_such_post(client, forum):
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.get("/v1/posts/a%00b", headers=headers).status_code == 404
    assert client.delete("/v1/posts/a%00b", headers=headers).status_code == 422
    assert client.delete(f"/v1/posts/{'x' * 300}", headers=headers).status_code == 422
    assert client.post("/v1/forums/a%00b/discourse").status_code == 401
    assert client.post("/v1/posts?forum=%00", headers={"webhook-signature": "v1,x"}).status_code == 401


def test_a_deletion_needs_no_queue(send, store, settings_env):
    send()
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    gone = {"type": "post.deleted", "timestamp": datetime.now(UTC).isoformat(), "data": {"id": "41"}}
    assert send("/v1/events", gone).json["status"] == "deleted"


def test_a_batch_larger_than_the_limit_says_so(send, settings_env):
    settings_env(HEED_RATE_LIMIT="2/minute")
    answer = send("/v1/posts/batch", {"posts": [POST | {"id": str(n)} for n in range(3)]})
    assert answer.status_code == 413 and "smaller" in answer.json["detail"]


def test_unknown_paths_and_methods_are_problems(client):
    assert client.get("/v1/nothing").json["status"] == 404
    assert client.put("/v1/posts").json["status"] == 405


def test_every_answer_is_private(send):
    headers = send().headers
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"

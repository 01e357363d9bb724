"""Health, readiness and metrics say what is true."""

import re

from service.store.models import Post, Revision
from service.web import create_app


def test_alive(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready_with_database_and_queue(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json == {"status": "ok", "database": "ok", "queue": "ok"}


def test_not_ready_names_the_part_that_is_down(client, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json["queue"] == "down" and answer.json["database"] == "ok"
    settings_env(HEED_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert client.get("/readyz").json["database"] == "down"
    assert client.get("/healthz").status_code == 200


def test_metrics_are_not_for_who_comes_through_the_proxy(store, valkey, settings_env):
    settings_env(HEED_TRUSTED_PROXIES=1, HEED_REDIS_URL=valkey)
    client = create_app().test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404


def test_metrics_count_what_waits_and_hold_no_text(client, store, forum):
    with store.write() as session:
        session.add(Post(id="p", forum_id=forum.forum.id, external_id="ext-secret", revision=1))
        session.flush()
        session.add(Revision(post_id="p", forum_id=forum.forum.id, number=1, body="a very private body", digest="d"))
    page = client.get("/metrics").text
    assert 'heed_revisions{state="pending"} 1.0' in page
    assert re.search(r"^heed_oldest_pending_seconds \d", page, re.M)
    assert "private" not in page and "ext-secret" not in page and "harbour" not in page

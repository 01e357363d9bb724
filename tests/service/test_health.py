"""Health, readiness and metrics say what is true."""

import re
from datetime import timedelta

from service.store.models import Post, QueueItem, Revision, Verdict, now
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


def test_metrics_without_a_queue_say_so_and_go_on(client, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    page = client.get("/metrics").text
    assert "heed_queue_up 0.0" in page and "heed_workers{" not in page and "heed_revisions" in page


def test_metrics_tell_of_what_there_is_none_of(client):
    page = client.get("/metrics").text
    for line in ('heed_deliveries{state="given_up"} 0.0', "heed_failed_posts 0.0", "heed_overdue_reviews 0.0"):
        assert line in page


def test_metrics_count_what_nobody_could_read_and_nobody_has_looked_at(client, store, forum):
    forum_id = forum.forum.id
    with store.write() as session:
        session.add(Post(id="p", forum_id=forum_id, external_id="1", revision=1))
        session.flush()
        session.add(Revision(id="r", post_id="p", forum_id=forum_id, number=1, body="b", digest="d", state="done"))
        session.flush()
        said = {"action": "hold", "severity": "none", "policy_version": "", "document": {"not_checked": "failed"}}
        session.add(Verdict(id="v", post_id="p", revision_id="r", **said))
        session.flush()
        late = now() - timedelta(minutes=1)
        labels = " not_checked.failed "
        session.add(QueueItem(post_id="p", forum_id=forum_id, verdict_id="v", labels=labels, due_at=late))
    page = client.get("/metrics").text
    assert "heed_failed_posts 1.0" in page and "heed_overdue_reviews 1.0" in page


def test_requests_are_counted_by_the_rule_of_their_address(client):
    def counted(route: str, status: str) -> float:
        line = rf'^heed_http_request_seconds_count{{method="\w+",route="{re.escape(route)}",status="{status}"}} (\S+)$'
        found = re.search(line, client.get("/metrics").text, re.M)
        return float(found[1]) if found else 0

    before = counted("/v1/posts/<path:post_id>", "4xx"), counted("other", "4xx")
    client.get("/v1/posts/somebodys-own-name")
    client.get("/somebodys-own-name")
    assert (counted("/v1/posts/<path:post_id>", "4xx"), counted("other", "4xx")) == (before[0] + 1, before[1] + 1)
    assert "somebodys-own-name" not in client.get("/metrics").text

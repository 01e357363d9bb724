"""Whatever goes wrong, a post's words stand in the database alone: not in a log at any level, in Valkey, in a metric, or in an
answer that tells what is wrong.
"""

import io
import json
import logging

import pytest
from forum_server import forum_server
from marker import MARKER, columns_with, keys_with
from processes import free_port
from reading import Reader
from reading_along import worker
from redis import Redis
from rq import Queue
from sqlalchemy import text

from service.store.models import Forum
from service.wakeup import redis_connection
from workers import classify, sweep
from workers.classify import read_all
from workers.deliver import send_all
from workers.logs import JsonLine, OneLine
from workers.worker import worker_for

POST = {"id": "1", "title": MARKER, "body": f"{MARKER} has a crisis", "parent": MARKER, "author": MARKER}


@pytest.fixture
def said(monkeypatch):
    """Everything that anything logs at any level, in both of our shapes; `said()` is the whole of it."""
    written = io.StringIO()
    handlers = [logging.StreamHandler(written), logging.StreamHandler(written)]
    handlers[0].setFormatter(OneLine("%(name)s %(levelname)s %(message)s"))
    handlers[1].setFormatter(JsonLine("%(message)s"))
    root = logging.getLogger()
    # Those too that a library keeps quiet, above all the database's statements.
    noisy = ["sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm", "rq.worker", "rq.job", "rq.queue"]
    loggers = [root, *map(logging.getLogger, [*noisy, *list(logging.Logger.manager.loggerDict)])]
    for each in loggers:
        monkeypatch.setattr(each, "level", logging.DEBUG)
        monkeypatch.setattr(each, "disabled", False)
    logging.getLogger().manager._clear_cache()
    for handler in handlers:
        root.addHandler(handler)
    yield written.getvalue
    for handler in handlers:
        root.removeHandler(handler)
    logging.getLogger().manager._clear_cache()


@pytest.fixture
def send(client, forum):
    def send(document: object = POST, path: str = "/v1/posts", **headers: str):
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        return client.post(path, data=raw, headers=headers or {"Authorization": f"Bearer {forum.api_key}"})

    return send


def nothing_leaked(said, client) -> None:
    assert said(), "nothing was logged: the test heard nothing"
    assert [line for line in said().splitlines() if MARKER in line] == []
    assert MARKER not in client.get("/metrics").text


WRONG = [
    (422, POST | {"revision": MARKER}),
    (422, POST | {"format": MARKER}),
    (422, POST | {"created_at": MARKER}),
    (422, POST | {"language": MARKER * 9}),
    (422, POST | {"url": MARKER}),
    (422, POST | {"title": [MARKER]}),
    (422, POST | {"body": f"{MARKER}\x00"}),
    (422, POST | {"body": f"{MARKER}\ud800"}),
    (422, POST | {f"{MARKER} my whole post": "as a name"}),
    (422, POST | {"body": MARKER * 30_000}),
    (422, f'{{"id": "1", "body": "{MARKER}'.encode()),
    (422, f'{{"id": "1", "body": "{MARKER}", "revision": NaN}}'.encode()),
    (422, MARKER.encode("utf-16")),
    (413, POST | {"body": MARKER * 60_000}),
    (422, [MARKER]),
]
WRONG_TEXTS = [
    ("/v1/moderations", {"input": {MARKER: MARKER}}),
    ("/v1/moderations", {"input": [{"type": MARKER, "text": MARKER}]}),
    ("/v1/moderations", {"input": f"{MARKER}\x00"}),
    ("/analyze", {"text": MARKER, "language": MARKER}),
    ("/analyze", {"text": MARKER, "language": "en", "score_threshold": MARKER}),
    ("/analyze", {"text": MARKER, "language": "en", "ad_hoc_recognizers": [MARKER]}),
    ("/v1alpha1/comments:analyze", {"comment": {"text": MARKER}, "requestedAttributes": {f"{MARKER} {MARKER}": {}}}),
    ("/v1alpha1/comments:analyze", {"comment": {"text": MARKER}, "requestedAttributes": {"A": {"scoreType": MARKER}}}),
]
"""To read now and forget, and wrong."""


def test_a_request_that_is_wrong_is_not_quoted(send, said, client, valkey):
    for status, document in WRONG:
        answer = send(document)
        assert answer.status_code == status, answer.text
        assert MARKER not in answer.text
    for answer in (
        send(POST, Authorization=f"Bearer {MARKER}"),
        send(POST, **{"webhook-signature": MARKER, "webhook-id": MARKER, "webhook-timestamp": "1"}),
        send({"type": MARKER, "data": {"id": "1"}}, "/v1/events"),
        send(POST, f"/v1/forums/{MARKER}/discourse"),
        send({"id": "a", "text": MARKER}, "/v1/posts/nobody/appeals"),
        *(send(document, path) for path, document in WRONG_TEXTS),
        send({"comment": {"text": MARKER}}, f"/v1alpha1/comments:analyze?key={MARKER}"),
    ):
        assert answer.status_code in (400, 401, 404, 422) and MARKER not in answer.text
    assert keys_with(Redis.from_url(valkey)) == []
    nothing_leaked(said, client)


def test_too_many_are_not_quoted(send, said, client, valkey, settings_env, store):
    settings_env(HEED_RATE_LIMIT="1/minute")
    assert [send(POST | {"id": str(number)}).status_code for number in range(2)] == [202, 429]
    assert keys_with(Redis.from_url(valkey)) == []
    nothing_leaked(said, client)


def test_with_the_queue_away_nothing_is_said(send, said, client, settings_env):
    settings_env(HEED_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    answer = send()
    assert answer.status_code == 503 and MARKER not in answer.text
    nothing_leaked(said, client)


def test_a_text_that_is_read_and_forgotten_is_not_quoted(send, said, client, valkey, store, settings_env):
    settings_env(HEED_WAIT_SECONDS_MAX=20)
    asked = {"comment": {"text": f"{MARKER} crisis"}, "requestedAttributes": {"SELF_HARM_CRISIS": {}}}
    with worker(store):
        answers = [
            send({"input": f"{MARKER} crisis"}, "/v1/moderations"),
            send({"text": f"{MARKER} 07700 900461", "language": "en"}, "/analyze"),
            send(asked, "/v1alpha1/comments:analyze"),
        ]
    settings_env(HEED_WAIT_SECONDS_MAX=0)
    answers.append(send({"input": f"{MARKER} waits"}, "/v1/moderations"))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503]
    assert not [answer for answer in answers if MARKER in answer.text]
    assert columns_with(store) == [] and keys_with(Redis.from_url(valkey)) == []
    nothing_leaked(said, client)


def test_a_database_that_refuses_is_not_quoted(send, said, client, store, desk, chosen):
    """By its own words: an exception of SQLAlchemy's shows what a statement was given, where it may."""
    desk.submit("waits", f"{MARKER} waits")
    for table in ("revision", "verdict"):
        with store.write() as session:
            session.execute(text(f"ALTER TABLE {table} RENAME TO elsewhere"))
        try:
            answers = [send(), send({"posts": [POST]}, "/v1/posts/batch")] if table == "revision" else []
            if table == "verdict":
                read_all(store, Reader(), chosen)
        finally:
            with store.write() as session:
                session.execute(text(f"ALTER TABLE elsewhere RENAME TO {table}"))
        assert all(answer.status_code in (500, 503) and MARKER not in answer.text for answer in answers)
    assert "could not be written" in said()
    nothing_leaked(said, client)


def test_what_breaks_a_classifier_is_not_quoted(store, desk, send, said, client, valkey, chosen, monkeypatch, signals):
    send(POST | {"body": f"{MARKER} BREAK"})
    read_all(store, Reader(), chosen)
    desk.pass_time()
    # The same as a job of the real worker, where the failure goes through RQ.
    monkeypatch.setattr(classify, "run", _break)
    queue = Queue("classify", connection=redis_connection(), serializer="json")
    queue.enqueue("workers.classify.run", "an id")
    worker_for("classify", redis_connection()).work(burst=True, logging_level="DEBUG")
    sweep.once()
    assert "ValueError" in said() and "RuntimeError" in said()
    assert keys_with(Redis.from_url(valkey)) == []
    nothing_leaked(said, client)


def _break(_given: str) -> None:
    try:
        raise ValueError(f"{MARKER} inside")
    except ValueError as error:
        raise RuntimeError(f"because of {MARKER}") from error


def test_a_forum_that_sends_everything_back_is_not_quoted(store, desk, send, said, client, valkey, choose):
    send()
    read_all(store, Reader(), choose())
    with forum_server() as server:
        server.status, server.body = 500, f"{MARKER} was refused".encode()
        server.headers = {"retry-after": MARKER, "x-error": MARKER, "location": f"/{MARKER}"}
        desk.change(Forum, callback_url=server.url)
        for status in (500, 302, 422, 410):
            server.status = status
            send_all(store, choose(allow_private_callbacks=True, callback_timeout_seconds=5))
            desk.pass_time()
        assert len(server.received) == 4 and all(MARKER.encode() not in each.body for each in server.received)
    assert keys_with(Redis.from_url(valkey)) == []
    assert not [name for name in columns_with(store) if not name.startswith(("revision.", "verdict.document"))]
    nothing_leaked(said, client)

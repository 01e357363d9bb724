"""Traces, where they are wanted: one from a post's intake to its callback, without a word of it; else nothing at all."""

import json
import logging
import os
import subprocess
import sys

import pytest
from forum_server import forum_server
from marker import MARKER, keys_with
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from reading import Reader
from redis import Redis

from service import tracing
from service.errors import ConfigurationError
from service.settings import settings
from service.store.models import Delivery, Forum, Revision
from service.telemetry import Telemetry
from service.wakeup import redis_connection
from workers import classify
from workers.classify import read_all
from workers.deliver import send_all
from workers.logs import JsonLine
from workers.worker import worker_for

POST = {"id": "1", "title": MARKER, "body": f"{MARKER} has a crisis", "author": MARKER}


class Kept:
    """The spans that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self.exporter = exporter

    def all(self, name: str = "") -> list:
        return [span for span in self.exporter.get_finished_spans() if name in ("", span.name)]

    def one(self, name: str):
        (span,) = self.all(name)
        return span


@pytest.fixture
def spans():
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(Telemetry(provider))
    yield Kept(exporter)
    tracing.use(None)


@pytest.fixture
def send(client, forum):
    def send(document: dict = POST, **headers: str) -> int:
        headers["Authorization"] = f"Bearer {forum.api_key}"
        return client.post("/v1/posts", json=document, headers=headers).status_code

    return send


@pytest.fixture
def work(store, monkeypatch, signals):
    """The real workers' jobs, by a reader that is told what to say."""
    monkeypatch.setattr(classify, "run", lambda: read_all(store, Reader(), settings()))

    def work(*queues: str) -> None:
        for queue in queues:
            worker_for(queue, redis_connection()).work(burst=True, logging_level="WARNING")

    return work


def test_one_trace_leads_from_intake_through_rq_to_the_callback(spans, send, work, desk, settings_env, store):
    with forum_server() as server:
        settings_env(HEED_ALLOW_PRIVATE_CALLBACKS=True)
        desk.change(Forum, callback_url=server.url)
        assert send() == 202
        work("classify", "deliver")
        (received,) = server.received
    intake, wake, job = spans.one("POST /v1/posts"), spans.one("wake classify"), spans.one("classify job")
    batch, read, callback = spans.one("read batch"), spans.one("read post"), spans.one("callback")
    assert {span.context.trace_id for span in spans.all()} == {intake.context.trace_id}
    above = {span: span.parent and span.parent.span_id for span in spans.all()}
    assert above[intake] is None and above[wake] == above[read] == intake.context.span_id
    assert above[job] == wake.context.span_id and above[batch] == job.context.span_id
    assert above[callback] == read.context.span_id
    assert read.attributes["heed.action"] == "escalate" and read.start_time == batch.start_time
    assert callback.attributes["http.response.status_code"] == 204
    assert received.headers["traceparent"].split("-")[1:3] == [
        f"{callback.context.trace_id:032x}",
        f"{callback.context.span_id:016x}",
    ]


def test_posts_that_are_read_together_keep_their_own_traces(spans, send, work):
    assert send() == send(POST | {"id": "2"}) == 202
    work("classify")
    requests, batch = spans.all("POST /v1/posts"), spans.one("read batch")
    assert {span.context.trace_id for span in spans.all("read post")} == {r.context.trace_id for r in requests}
    assert len({request.context.trace_id for request in requests}) == 2
    assert {link.context.span_id for link in batch.links} == {request.context.span_id for request in requests}
    assert all(span.links[0].context.span_id == batch.context.span_id for span in spans.all("read post"))


def test_a_caller_is_linked_and_not_obeyed(spans, send):
    caller = f"00-{'a' * 32}-{'b' * 16}-00"
    send(traceparent=caller)
    send(POST | {"id": "2"}, traceparent=MARKER)
    linked, plain = spans.all("POST /v1/posts")
    assert linked.parent is None and f"{linked.context.trace_id:x}" != "a" * 32
    assert [f"{link.context.span_id:x}" for link in linked.links] == ["b" * 16] and not plain.links


def test_no_word_is_in_a_trace(spans, send, work, desk, client, valkey, choose, store, forum):
    assert send(POST | {"body": f"{MARKER} BREAK"}) == 202
    work("classify")
    desk.pass_time()
    assert send(POST | {"id": "2"}) == 202
    client.get(f"/v1/posts/{MARKER}", headers={"Authorization": f"Bearer {forum.api_key}"})
    client.delete(f"/v1/authors/{MARKER}", headers={"Authorization": f"Bearer {forum.api_key}"})
    client.get(f"/{MARKER}?{MARKER}")
    with forum_server() as server:
        server.status, server.body = 500, MARKER.encode()
        desk.change(Forum, callback_url=server.url)
        work("classify")
        send_all(store, choose(allow_private_callbacks=True))
    with pytest.raises(ValueError), tracing.span("breaks"):
        raise ValueError(MARKER)
    told = [span.to_json() for span in spans.all()]
    assert len(told) > 8 and not [each for each in told if MARKER in each]
    assert spans.one("breaks").attributes["error.type"] == "ValueError"
    assert spans.one("breaks").status.status_code is StatusCode.ERROR and not spans.one("breaks").events
    assert keys_with(Redis.from_url(valkey)) == []


def test_logs_name_the_trace(spans):
    record = logging.makeLogRecord({"msg": "words", "name": "workers.classify"})
    with tracing.span("one") as _:
        said = json.loads(JsonLine("%(message)s").format(record))
    assert said["trace_id"] == f"{spans.one('one').context.trace_id:032x}"
    assert said["span_id"] == f"{spans.one('one').context.span_id:016x}"
    assert "trace_id" not in json.loads(JsonLine("%(message)s").format(record))


def test_off_nothing_is_carried(send, work, store, valkey, desk):
    send()
    work("classify")
    with store.read() as session:
        assert [row.traceparent for table in (Revision, Delivery) for row in session.query(table)] == ["", ""]
    assert keys_with(Redis.from_url(valkey), "traceparent") == []


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_off_nothing_is_loaded():
    code = "import sys, service.web, workers.worker, workers.sweep; service.web.create_app()"
    ours = ("service.telemetry", "opentelemetry.sdk.trace", "opentelemetry.exporter")
    done = python(f"{code}; print([name for name in sys.modules if name.startswith({ours})])")
    assert done.stdout.strip() == "[]", done.stderr


SENDS = """
from service import tracing
tracing.start("web")
with tracing.span("one", {"heed.post": "post_1"}) as note:
    note.tell("heed.action", "allow")
"""


def test_a_collector_gets_what_a_process_did_before_it_ends():
    with forum_server() as server:
        server.status = 200
        done = python(SENDS, HEED_TRACES_URL=server.url.replace("/heed?board=1", "/v1/traces"))
        assert done.returncode == 0 and done.stderr == ""
        (received,) = server.received
    assert received.path == "/v1/traces"
    (told,) = ExportTraceServiceRequest.FromString(received.body).resource_spans
    named = {each.key: each.value.string_value for each in told.resource.attributes}
    assert named["service.name"] == "heed-web"
    (span,) = told.scope_spans[0].spans
    attributes = {each.key: each.value.string_value for each in span.attributes}
    assert span.name == "one" and attributes == {"heed.post": "post_1", "heed.action": "allow"}


def test_a_wrong_address_and_a_missing_package_are_said(settings_env):
    settings_env(HEED_TRACES_URL="collector:4318")
    with pytest.raises(ConfigurationError, match="whole address"):
        tracing.start("web")
    missing = "import sys; sys.modules['opentelemetry'] = None\nfrom service import tracing\ntracing.start('web')"
    done = python(missing, HEED_TRACES_URL="http://127.0.0.1:1/v1/traces")
    assert "ConfigurationError: HEED_TRACES_URL needs OpenTelemetry." in done.stderr

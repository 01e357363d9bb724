"""The page of the benchmarks says what their numbers say, and the senders keep to the times they are given."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from benchmarks.performance import growth, report
from benchmarks.performance.figures import percentiles, ratio, spread
from benchmarks.performance.roofline import limit_of
from benchmarks.performance.sender import Request, arrivals, send
from benchmarks.performance.sizing import sizing

MACHINE = {"day": "2026-01-01", "processor": "one", "cores": 2, "bf16": False, "load before": 0.0}


def test_the_page_is_made_of_the_recorded_numbers(tmp_path):
    recorded = report.DOCS / "performance.json"
    figures = json.loads(recorded.read_text("utf-8")) if recorded.exists() else {}
    page = report.write(figures, tmp_path)
    assert page.read_text("utf-8") == (report.DOCS / "performance.md").read_text("utf-8")


def test_a_gpu_is_named_beside_its_own_limit(tmp_path):
    one = spread([1.0])
    columns = ("tokens a second", "posts a second, encoder alone", "posts a second, text to findings", "Python, ms a post",
               "share of the limit", "times as quick as torch")  # fmt: skip
    same = dict.fromkeys(("same action", "same labels", "same spans"), 1.0)
    row = {**dict.fromkeys(columns, one), **same, "largest difference of a score": 0.0}
    found = {
        "workload": {
            "posts": 1,
            "seed": 7,
            **{f"tokens, {cut}": 1 for cut in ("median", "mean", "95th percentile", "most")},
        },
        "operations a post": 1e9,
        "limit, GFLOP/s": {"fp32": one, "bf16": one, "cuda": spread([7_000.0])},
        "back ends": {"cuda": row, "torch": row},
    }
    page = report.write({"machine": {**MACHINE, "gpu": "a GPU"}, "encoder": found}, tmp_path).read_text("utf-8")
    assert "of 16,384 tokens, on a GPU; its limit, in bf16, is 7000 GFLOP/s." in page
    assert limit_of("cuda") == "cuda" and limit_of("openvino-bf16") == "bf16" and limit_of("torch") == "fp32"


def test_ratios_are_of_the_same_round():
    assert ratio([10, 40], [5, 20]) == {"median": 2, "least": 2, "most": 2}
    assert spread([3, 1, 2]) == {"median": 2, "least": 1, "most": 3}
    assert percentiles([0.001 * n for n in range(101)]) == {"p50": 50, "p95": 95, "p99": 99}


def test_arrivals_come_at_the_rate_and_the_same_each_time():
    moments = arrivals(5_000, 50, seed=1)
    assert moments == sorted(moments) == arrivals(5_000, 50, seed=1)
    assert moments[-1] == pytest.approx(100, rel=0.05)


@pytest.fixture
def forum():
    """A server that answers 202 and keeps what it got; 400 to what is empty."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        got: ClassVar[list[bytes]] = []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.got.append(body)
            self.send_response(202 if body else 400)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_everything_is_sent_once_and_not_before_it_is_due(forum):
    requests = [Request(str(n), "/", str(n).encode(), {}) for n in range(40)]
    began = time.time()
    answers = send(forum.server_port, requests, due=[0.01 * n for n in range(40)])
    assert sorted(forum.RequestHandlerClass.got, key=int) == [request.body for request in requests]
    assert {answer.id for answer in answers} == {request.id for request in requests}
    assert min(answer.due for answer in answers) >= began and all(answer.took >= 0 for answer in answers)
    assert time.time() >= began + 0.39


def test_a_refusal_ends_the_run(forum):
    with pytest.raises(RuntimeError, match="1 of 1 posts were refused at /, the first with 400"):
        send(forum.server_port, [Request("1", "/", b"", {})])


def test_growth_is_measured_on_real_databases_and_told_in_tables():
    sizes, told = growth.Sizes((1, 2), (3,), (3,), tries=2), []
    found = growth.measure(sizes, lambda: told.append(1))
    assert len(told) == growth.steps(sizes)
    page = "\n\n".join(report._parts({"machine": MACHINE, "growth": found}, {}))
    assert "| PostgreSQL | 2 |" in page and "| SQLite | 3 read |" in page


def test_what_it_takes_is_reckoned_from_what_was_measured():
    rates = {"posts a second, saturated": {"heed": {"median": 100.0}}}
    workers = {"PostgreSQL": {"1": {"posts a second": 40.0}, "8": {"posts a second": 250.0}}}
    found = dict(sizing({"machine": MACHINE, "end_to_end": rates, "growth": {"workers": workers}}))
    assert list(found.values()) == ["1,100,000", "5.6", "20", "250", "8.0"]
    assert dict(sizing({"machine": MACHINE})) == {}

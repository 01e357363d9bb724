"""Requests to the web server: counted with how long they took and how they ended, and each a span where traces are wanted.

Of an address only its rule is named: what stands in its place may name an author.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from service import tracing

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Names prometheus_client's folder where the processes of one web server count together; `heed web` sets it."""
QUIET = {"health", None}
"""Blueprints whose requests, of probes and of nobody's addresses, are no spans."""
ELSEWHERE = "other"
"""The route and method of a request to no address of ours."""

SECONDS = Histogram(
    "heed_http_request_seconds",
    "Requests to the web server, by method, route and class of status, with the seconds they took",
    ["method", "route", "status"],
    buckets=(0.025, 0.1, 0.25, 1, 2.5, 10),
    registry=None,
)


def collect_into(registry: CollectorRegistry) -> None:
    """Add the counts of this web server, all its processes together."""
    if FOLDER in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(SECONDS)


def install(app: Flask) -> None:
    """Before everything else that looks at requests, so that all of it is counted."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)


def _begin() -> None:
    g.began = time.monotonic()
    g.span, g.inside = None, ExitStack()
    if tracing.is_on() and request.blueprint not in QUIET:
        attributes = {"http.request.method": request.method, "http.route": str(request.url_rule)}
        # Whoever calls is linked, not obeyed: they can't choose what is traced.
        caller = [request.headers.get("traceparent", "")]
        span = tracing.span(f"{request.method} {request.url_rule}", attributes, kind="server", links=caller)
        g.span = g.inside.enter_context(span)


def _end(response: Response) -> Response:
    known = request.url_rule is not None
    labels = (request.method, str(request.url_rule)) if known else (ELSEWHERE, ELSEWHERE)
    if "began" in g:
        SECONDS.labels(*labels, f"{response.status_code // 100}xx").observe(time.monotonic() - g.began)
    if g.get("span"):
        g.span.tell("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            g.span.fail(str(response.status_code))
    return response


def _leave(_error: BaseException | None) -> None:
    if "inside" in g:
        g.inside.close()

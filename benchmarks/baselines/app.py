"""The Flask app: `/store` stores the row of a post that Heed does and no more; `/posts` checks its signature first and has RQ classify it after."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import cache

from flask import Flask, Response, abort, request
from redis import Redis
from rq import Queue

from benchmarks.baselines import table

SECRET, REDIS, JOB = "BASELINE_SECRET", "BASELINE_REDIS_URL", "BASELINE_JOB"
"""Variables that name the webhook's secret, the queue's server and the job by its dotted path."""


def create_app() -> Flask:
    app = Flask(__name__)

    @app.post("/store")
    def store() -> Response:
        table.insert_row(request.get_json())
        return Response(status=202)

    @app.post("/posts")
    def posts() -> Response:
        expected = hmac.new(os.environ[SECRET].encode(), request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers.get("x-signature", ""), expected):
            abort(401)
        post = request.get_json()
        table.insert_post(post)
        _queue().enqueue(os.environ[JOB], post["id"])
        return Response(status=202)

    return app


@cache
def _queue() -> Queue:
    return Queue("moderate", connection=Redis.from_url(os.environ[REDIS]))

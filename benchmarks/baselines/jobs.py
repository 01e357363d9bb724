"""The RQ job of one post, in both ways, and the worker that runs it: ``python -m benchmarks.baselines.jobs fork|simple``."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from sqlalchemy import select

from benchmarks.baselines import pipelines, table

WORKERS = {"fork": "benchmarks.baselines.jobs.loading", "simple": "benchmarks.baselines.jobs.preloaded"}
"""The job that each kind of worker is given."""


def loading(id_: str) -> None:
    """Load the models, then classify: all that RQ's default worker, which forks for each job, allows."""
    _classify(id_, pipelines.load())


def preloaded(id_: str) -> None:
    """Classify with the models that the worker loaded once."""
    _classify(id_, pipelines.loaded())


def _classify(id_: str, models: dict[str, Any]) -> None:
    with table.engine().connect() as connection:
        body = connection.execute(select(table.POSTS.c.body).where(table.POSTS.c.id == id_)).scalar_one()
    document = json.dumps({name: model(body) for name, model in models.items()}, default=float)
    with table.engine().begin() as connection:
        row = {"post": id_, "document": document, "created_at": time.time()}
        connection.execute(table.VERDICTS.insert(), row)


def main(kind: str) -> None:
    from redis import Redis
    from rq import SimpleWorker, Worker

    from benchmarks.baselines.app import REDIS

    if kind == "simple":
        pipelines.loaded()
    connection = Redis.from_url(os.environ[REDIS])
    (SimpleWorker if kind == "simple" else Worker)(["moderate"], connection=connection).work(logging_level="WARNING")


if __name__ == "__main__":
    main(sys.argv[1])

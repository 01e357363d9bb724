"""The baseline as real processes: gunicorn, Valkey and one RQ worker of either kind, with a database of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import create_engine, select

from benchmarks.baselines import app, pipelines, table
from benchmarks.baselines.jobs import WORKERS
from benchmarks.chaos.stack import free_port
from benchmarks.performance.sender import Request
from workers.child import Child
from workers.embedded import prepare
from workers.supervisor import Supervisor

WEB = ["gunicorn", "benchmarks.baselines.app:create_app()", "--worker-class", "gthread", "--workers", "2", "--threads", "8",
       "--keep-alive", "5", "--log-level", "warning", "--no-control-socket"]  # fmt: skip
"""As Heed's own web server is set by default."""
START_SECONDS = 120


class Baseline:
    """`kind` is a key of WORKERS, or empty for the web server alone; `models` is the folder that pipelines.make filled."""

    def __init__(self, folder: Path, kind: str = "", models: Path | None = None, database: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self._folder, self._kind = free_port(), folder, kind
        self._secret, self._redis = secrets.token_hex(16), prepare(folder).url
        url = database or f"sqlite:///{folder}/bare.db"
        self._environment = os.environ | {
            table.URL: url, app.SECRET: self._secret, app.REDIS: self._redis, app.JOB: WORKERS.get(kind, ""),
            pipelines.FOLDER: str(models or ""),
        }  # fmt: skip
        self._engine, self._supervisor = create_engine(url), Supervisor()

    def start(self) -> None:
        table.METADATA.create_all(self._engine)
        self._add("queue", "workers.embedded", str(self._folder))
        self._add("web", *WEB, "--bind", f"127.0.0.1:{self.port}")
        if self._kind:
            self._add("worker", "benchmarks.baselines.jobs", self._kind)
        self._supervisor.wait_for(self._is_ready, START_SECONDS, "The baseline")

    def stop(self) -> None:
        self._supervisor.stop()
        self._engine.dispose()

    def requests(self, name: str, texts: Sequence[str], path: str = "/posts") -> list[Request]:
        """The posts `name`-0, `name`-1 …, signed."""
        return [self._request(f"{name}-{number}", text, path) for number, text in enumerate(texts)]

    def verdicts(self, name: str) -> dict[str, float]:
        """When each post of that name got its verdict."""
        query = select(table.VERDICTS.c.post, table.VERDICTS.c.created_at)
        with self._engine.connect() as connection:
            found = connection.execute(query.where(table.VERDICTS.c.post.startswith(f"{name}-")))
            return {row.post: row.created_at for row in found}

    def _request(self, id_: str, text: str, path: str) -> Request:
        body = json.dumps({"id": id_, "body": text}).encode()
        signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        return Request(id_, path, body, {"content-type": "application/json", "x-signature": signature})

    def _add(self, name: str, *arguments: str) -> None:
        log = self._folder / f"{name}.log"
        self._supervisor.add(Child(name, list(arguments), self._environment, log, lambda *_: None))

    def _is_ready(self) -> bool:
        time.sleep(0.2)
        with suppress(RedisError, OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return not self._kind or bool(Worker.all(connection=Redis.from_url(self._redis)))
        return False

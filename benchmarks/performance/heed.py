"""Heed as it is measured: `heed up`, or the processes of docker-compose.yml, with the smaller model and one classify worker."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import create_engine, select
from standardwebhooks import Webhook

from benchmarks.chaos.stack import STACKS, free_port
from benchmarks.performance.sender import Request
from service.store.models import Post, Verdict

NOWHERE = "http://127.0.0.1:9/"
"""Where callbacks would go: they are queued with each verdict, and whoever would send them is held still."""


class Heed:
    """One of benchmarks.chaos.stack on all cores; `settings` are its `HEED_…` variables in lower case. `python` runs it, where
    another environment than this one is to."""

    def __init__(self, folder: Path, stack: str = "box", python: str = "", **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        chosen = {"torch_threads": psutil.cpu_count(logical=False) or 1, "classify_workers": 1, "backend": "auto",
                  "lease_seconds": 60, "sweep_seconds": 5, **settings}  # fmt: skip
        self.stack = STACKS[stack](
            folder, free_port(), **{f"HEED_{name.upper()}": value for name, value in chosen.items()}
        )
        self.stack.python = python or self.stack.python
        self.port = self.stack.port
        self._engine = create_engine(self.stack.database)

    def start(self) -> None:
        self.stack.start()
        self._keys = self.stack.add_forum("bench", NOWHERE)
        self._signer = Webhook(self._keys.webhook_secret)
        for pid in self.stack.pids("deliver"):
            self.stack.kill(pid, signal.SIGSTOP)

    def stop(self) -> None:
        self._signal("deliver", signal.SIGCONT)
        self._engine.dispose()
        self.stack.stop()

    def requests(self, name: str, texts: Sequence[str]) -> list[Request]:
        """The posts `name`-0, `name`-1 …, signed; good for five minutes."""
        return [self._request(f"{name}-{number}", text) for number, text in enumerate(texts)]

    def verdicts(self, name: str) -> dict[str, float]:
        """When each post of that name got its verdict."""
        query = select(Post.external_id, Verdict.created_at).join(Verdict, Verdict.post_id == Post.id)
        with self._engine.connect() as connection:
            found = connection.execute(query.where(Post.external_id.startswith(f"{name}-")))
            return {id_: moment.timestamp() for id_, moment in found}

    @contextmanager
    def no_reading(self) -> Iterator[None]:
        """The classify workers held still while the block runs: intake alone."""
        self._signal("classify", signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal("classify", signal.SIGCONT)

    def megabytes(self, role: str) -> float:
        """Resident memory of the role's largest process."""
        return max(psutil.Process(pid).memory_info().rss for pid in self.stack.pids(role)) / 1e6

    def _signal(self, role: str, number: int) -> None:
        for pid in self.stack.pids(role):
            self.stack.kill(pid, number)

    def _request(self, id_: str, text: str) -> Request:
        body, moment, message = json.dumps({"id": id_, "body": text}), datetime.now(UTC), f"msg_{secrets.token_hex(8)}"
        headers = {"content-type": "application/json", "x-heed-forum": self._keys.slug, "webhook-id": message,
                   "webhook-timestamp": str(int(moment.timestamp())),
                   "webhook-signature": self._signer.sign(message, moment, body)}  # fmt: skip
        return Request(id_, "/v1/posts", body.encode(), headers)

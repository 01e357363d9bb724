"""All of Heed as a stranger runs it: `heed up` as a process, and a forum beside it."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from processes import alive, descendants, free_port, until
from redis import Redis
from sqlalchemy import create_engine, text
from standardwebhooks import Webhook

from workers.embedded import prepare

ROOT = Path(__file__).parents[2]
START_SECONDS = 180


class Heed:
    """`heed up` on a data folder; what it shows is kept in `lines`."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: object) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        outside = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
        own = {"HEED_DATA_DIR": data_dir, "HEED_PORT": self.port, "HEED_TORCH_THREADS": 1, **environment}
        self.environment = outside | {name: str(value) for name, value in own.items()}
        self.lines: list[str] = []
        self.process = self._popen("up", *arguments)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        return self.environment.get("HEED_DATABASE_URL", f"sqlite:///{self.data_dir}/heed.db")

    @property
    def queue(self) -> Redis:
        return Redis.from_url(prepare(self.data_dir).url)

    def shows(self, pattern: str) -> None:
        """Wait until a line matches."""

        def found() -> bool:
            assert self.process.poll() is None or any(re.search(pattern, line) for line in self.lines), self.lines
            return any(re.search(pattern, line) for line in self.lines)

        until(found, START_SECONDS, f"`{pattern}`")

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run another `heed` command beside it."""
        command = [sys.executable, "-m", "workers.cli", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def classify_pid(self) -> int:
        """The process id of the classify worker that is ready."""
        found: list[int] = []

        def ready() -> bool:
            children = {pid for pid, line in descendants(self.process.pid).items() if "worker classify" in line}
            found[:] = [pid for pid in children if self.queue.exists(f"rq:worker:classify-{os.uname().nodename}-{pid}")]
            return bool(found)

        until(ready, START_SECONDS, "a classify worker")
        return found[0]

    def rows(self, query: str) -> list[tuple]:
        engine = create_engine(self.database)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; every process it started has to be gone. Returns the exit status."""
        started = [self.process.pid, *descendants(self.process.pid)]
        self.process.send_signal(number)
        status = self.process.wait(120)
        self._reading.join(10)
        until(lambda: not any(alive(pid) for pid in started), 60, "the end of every process")
        return status

    def kill(self) -> None:
        """Whatever a failed test left."""
        for pid in (self.process.pid, *descendants(self.process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def _popen(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "workers.cli", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


@contextmanager
def up(data_dir: Path, **environment: object) -> Iterator[Heed]:
    """A Heed that is up and calls back on this machine. At the end nothing of it is left, and it ended well unless a test ended it."""
    heed = Heed(data_dir, HEED_ALLOW_PRIVATE_CALLBACKS="true", HEED_DOUBLE_REVIEW_SHARE=0, **environment)
    try:
        heed.shows("Heed is up")
        yield heed
        if heed.process.poll() is None:
            assert heed.stop() == 0
    finally:
        heed.kill()


class Forum:
    """A forum that sends posts signed, by what `heed forum add` printed."""

    def __init__(self, heed: Heed, slug: str, printed: str) -> None:
        shown = dict(line.strip().split(": ", 1) for line in printed.splitlines() if ": " in line)
        self.slug, self.heed = slug, heed
        self.api_key = shown["API key"]
        self.webhook_secret = shown["Webhook secret (signs what the forum sends)"]
        self.callback_secret = shown["Callback secret (signs what Heed sends)"]

    def send(self, post: dict, path: str = "/v1/posts", secret: str = "") -> httpx.Response:
        """Submit by the signed webhook."""
        body, moment, id_ = json.dumps(post), datetime.now(UTC), f"msg_{secrets.token_hex(8)}"
        headers = {
            "content-type": "application/json",
            "x-heed-forum": self.slug,
            "webhook-id": id_,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret or self.webhook_secret).sign(id_, moment, body),
        }
        return httpx.post(f"{self.heed.url}{path}", content=body, headers=headers, timeout=30, trust_env=False)

    def send_with_key(self, document: dict, path: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.api_key}"}
        return httpx.post(f"{self.heed.url}{path}", json=document, headers=headers, timeout=30, trust_env=False)

    def ask(self, post_id: str) -> dict:
        headers = {"authorization": f"Bearer {self.api_key}"}
        answer = httpx.get(f"{self.heed.url}/v1/posts/{post_id}", headers=headers, timeout=30, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for(self, ids: Iterable[str]) -> dict[str, dict]:
        """The verdicts of posts, by the forum's own ids, once all have come."""
        ids = list(ids)
        found: dict[str, dict] = {}

        def all_there() -> bool:
            for id_ in ids:
                if id_ not in found and (verdict := self.ask(id_)["verdict"]):
                    found[id_] = verdict
            return len(found) == len(ids)

        until(all_there, 180, "every verdict")
        return found

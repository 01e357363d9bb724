"""The forum's side of callbacks: a real server that keeps what it gets and answers badly, until it is told to be well."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

MOODS = {"well": 82, "slow": 4, "error": 5, "busy": 3, "reset": 2, "taken, then reset": 2, "hangs": 2}
"""How it answers, in per cent."""
SLOW_SECONDS = 1.5


@dataclass(frozen=True)
class Callback:
    """One that was received: when, by which constant id, of what."""

    moment: float
    id: str
    verdict: str
    post: str
    revision: int


@dataclass
class Forum:
    """Answers by chance while `ill`; `hang_seconds` is longer than Heed waits. Once `gone` it says 410 for good."""

    hang_seconds: float
    dice: random.Random
    url: str = ""
    secret: str = ""
    ill: bool = True
    gone: bool = False
    received: list[Callback] = field(default_factory=list)
    forged: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def mood(self) -> str:
        if self.gone:
            return "gone"
        return self.dice.choices(list(MOODS), list(MOODS.values()))[0] if self.ill else "well"

    def is_refused(self, headers: dict[str, str], body: bytes) -> bool:
        """As receivers do: whatever is not signed, or not lately, by a clock that is minutes off."""
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError as error:
            self.forged += "timestamp" not in str(error).lower()
            return True
        return False

    def take(self, headers: dict[str, str], body: bytes) -> None:
        data = json.loads(body)["data"]
        self.received.append(
            Callback(time.time(), headers["webhook-id"], data["verdict_id"], data["external_id"], data["revision"])
        )


@contextmanager
def running(hang_seconds: float, dice: random.Random) -> Iterator[Forum]:
    forum = Forum(hang_seconds, dice)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with forum.lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                mood = "refused" if forum.is_refused(headers, body) else forum.mood()
                forum.answers[mood] += 1
                if mood in ("well", "slow", "taken, then reset"):
                    forum.take(headers, body)
            _answer(self, mood, forum.hang_seconds)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    forum.url = f"http://127.0.0.1:{server.server_port}/heed"
    try:
        yield forum
    finally:
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, mood: str, hang_seconds: float) -> None:
    if mood == "hangs":
        time.sleep(hang_seconds)
    if mood == "slow":
        time.sleep(SLOW_SECONDS)
    if mood in ("reset", "taken, then reset", "hangs"):
        # Closed with a reset instead of a good-bye.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        return
    handler.send_response({"error": 500, "busy": 429, "gone": 410, "refused": 401}.get(mood, 204))
    if mood == "busy":
        handler.send_header("Retry-After", "2")
    handler.send_header("content-length", "0")
    handler.end_headers()

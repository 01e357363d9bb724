"""Forums that send more than Heed can read, and what it answers them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

SENDERS = 64
WAIT_SECONDS = 10
POLITE = ("200", "202", "429", "503")
"""What intake may answer: taken, or when to come again."""


@dataclass
class Answers:
    """What intake answered: codes, seconds, posts it took, refusals that do not say when to come again."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    rude: int = 0
    awaited: list[float] = field(default_factory=list)
    """Seconds until a post came back that somebody waited for."""

    @property
    def others(self) -> int:
        """Answers that are no answer to a forum: errors, time-outs, broken connections."""
        return sum(times for code, times in self.codes.items() if code not in POLITE)


class Crowd:
    """Sends posts as fast as it is asked to."""

    def __init__(self, url: str, texts: list[str]) -> None:
        limits = httpx.Limits(max_connections=2 * SENDERS)
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False, limits=limits)
        self._texts, self._lock = texts, threading.Lock()
        self.answers = Answers()

    def send(self, key: str, id_: str, wait: int = 0) -> None:
        """Send one post with a forum's API key, and wait so many seconds for its verdict."""
        body = {"id": id_, "body": f"{self._texts[hash(id_) % len(self._texts)]} ({id_})"}
        headers, began = {"authorization": f"Bearer {key}"}, time.monotonic()
        try:
            answer = self._client.post("/v1/posts", json=body, headers=headers, params={"wait": wait} if wait else {})
            code = str(answer.status_code)
        except httpx.HTTPError as error:
            answer, code = None, type(error).__name__
        took = time.monotonic() - began
        with self._lock:
            self.answers.codes[code] += 1
            if answer is not None and answer.status_code < 300:
                self.answers.accepted.append(id_)
            elif answer is not None and "retry-after" not in answer.headers:
                self.answers.rude += 1
            if wait and code == "200":
                self.answers.awaited.append(took)
            elif not wait:
                self.answers.seconds.append(took)

    def rush(self, name: str, rates: Mapping[str, float], seconds: float) -> None:
        """So many posts a second by each API key, and twice a second one that somebody waits for, by the first of them."""
        began, sent, first = time.monotonic(), Counter(), next(iter(rates))
        with ThreadPoolExecutor(SENDERS) as pool, ThreadPoolExecutor(8) as patient:
            while (elapsed := time.monotonic() - began) < seconds:
                for place, (key, rate) in enumerate(rates.items()):
                    while sent[key] < elapsed * rate:
                        pool.submit(self.send, key, f"{name}{place}-{sent[key]}")
                        sent[key] += 1
                patient.submit(self.send, first, f"{name}-awaited{elapsed:.2f}", WAIT_SECONDS)
                time.sleep(0.5)
            # What could not even be sent in time is no answer of Heed's.
            pool.shutdown(cancel_futures=True)

    def backlog(self) -> float | None:
        """Age in seconds of the oldest unread post as Heed exports it; None where it does not answer."""
        with suppress(httpx.HTTPError):
            for line in self._client.get("/metrics").text.splitlines():
                if line.startswith("heed_oldest_pending_seconds "):
                    return float(line.split()[1])
        return None

"""What happens at ten times the capacity: ``python -m benchmarks.overload``.

Starts Heed as real processes, measures how many posts a second its workers read, then sends ten times as many for a while.
Looks at what intake answers and how soon, at the memory of each process, at how soon a post comes back that somebody waits
for, and at how long it takes until all is read. Exits 1 where an accepted post has no verdict or a refusal does not say when
to come again.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.chaos.audit import Database
from benchmarks.chaos.stack import STACKS, Stack, free_port
from training import corpus

SENDERS = 64
TIMES = 10
PROBE_POSTS = 300
MOST_PENDING = 500
DRAIN_SECONDS = 600
WAITING = text("SELECT count(*) FROM revision WHERE state IN ('pending', 'leased')")
READ = text("SELECT p.external_id FROM post p JOIN verdict v ON v.post_id = p.id AND v.current")


@dataclass
class Answers:
    """What intake answered: codes, seconds, posts it took, refusals that do not say when to come again."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    rude: int = 0
    awaited: list[float] = field(default_factory=list)
    """Seconds until a post came back that somebody waited for."""


class Crowd:
    """Sends posts as fast as it is asked to."""

    def __init__(self, url: str, key: str, texts: list[str]) -> None:
        self._client = httpx.Client(
            base_url=url,
            timeout=30,
            trust_env=False,
            headers={"authorization": f"Bearer {key}"},
            limits=httpx.Limits(max_connections=SENDERS),
        )
        self._texts, self._lock = texts, threading.Lock()
        self.answers = Answers()

    def send(self, id_: str, wait: int = 0) -> None:
        body = {"id": id_, "body": f"{self._texts[hash(id_) % len(self._texts)]} ({id_})"}
        began = time.monotonic()
        try:
            answer = self._client.post("/v1/posts", json=body, params={"wait": wait} if wait else {})
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

    def rush(self, name: str, rate: float, seconds: float) -> None:
        """`rate` posts a second, and twice a second one that somebody waits for."""
        began, sent = time.monotonic(), 0
        with ThreadPoolExecutor(SENDERS) as pool, ThreadPoolExecutor(8) as patient:
            while (elapsed := time.monotonic() - began) < seconds:
                while sent < elapsed * rate:
                    pool.submit(self.send, f"{name}{sent}")
                    sent += 1
                patient.submit(self.send, f"{name}-awaited{elapsed:.2f}", 10)
                time.sleep(0.5)
            # What could not even be sent in time is no answer of Heed's.
            pool.shutdown(cancel_futures=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", choices=STACKS, default="box")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the rush")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heed-overload-") as folder:
        heed = STACKS[chosen.stack](Path(folder), free_port(), HEED_MAX_PENDING=MOST_PENDING)
        heed.start()
        try:
            figures = measure(heed, chosen.seconds)
        finally:
            heed.stop()
    table = Table(title=f"Ten times too much for the {chosen.stack}", show_header=False)
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if figures["accepted posts without a verdict"] or figures["refusals without Retry-After"] else 0)


def measure(heed: Stack, seconds: float) -> dict[str, object]:
    """The figures of one run."""
    texts = [post.text for post in corpus.read()]
    random.Random(7).shuffle(texts)
    database, crowd = Database(heed.database), Crowd(heed.url, heed.add_forum("crowd").api_key, texts)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(crowd.send, (f"probe{number}" for number in range(PROBE_POSTS))))
    _drain(database)
    capacity = PROBE_POSTS / (time.monotonic() - began)
    crowd.answers = Answers()
    before, peak, done = _memory(heed), Counter(), threading.Event()
    watch = threading.Thread(target=_watch, args=(heed, peak, done))
    watch.start()
    crowd.rush("rush", capacity * TIMES, seconds)
    rushed = time.monotonic()
    drained = _drain(database)
    recovery = time.monotonic() - rushed
    done.set()
    watch.join()
    answers = crowd.answers
    read = {row.external_id for row in database.rows(READ)}
    cuts = statistics.quantiles(answers.seconds, n=100)
    return {
        "capacity, posts read a second": round(capacity, 1),
        "posts sent in the rush": answers.codes.total(),
        "answers": ", ".join(f"{code} {times:,}" for code, times in answers.codes.most_common()),
        "refusals without Retry-After": answers.rude,
        "seconds to an answer, median and 99th percentile": f"{cuts[49]:.2f}, {cuts[98]:.2f}",
        "seconds to a verdict that was waited for, median and most": _median_and_most(answers.awaited),
        "memory in MB before and at most": ", ".join(f"{r} {before[r]:.0f} → {peak[r]:.0f}" for r in sorted(peak)),
        "seconds until all was read": round(recovery, 1) if drained else "never",
        "accepted posts without a verdict": len(set(answers.accepted) - read),
    }


def _median_and_most(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f}, {max(seconds):.2f}" if seconds else "none came back in time"


def _drain(database: Database) -> bool:
    end = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < end:
        if not database.count(WAITING):
            return True
        time.sleep(0.3)
    return False


def _watch(heed: Stack, peak: Counter[str], done: threading.Event) -> None:
    while not done.wait(1):
        for role, megabytes in _memory(heed).items():
            peak[role] = max(peak[role], megabytes)


def _memory(heed: Stack) -> Counter[str]:
    """Megabytes of the largest process of each role."""
    found: Counter[str] = Counter()
    for role in Stack.roles:
        for pid in heed.pids(role):
            with suppress(psutil.NoSuchProcess):
                found[role] = max(found[role], psutil.Process(pid).memory_info().rss / 1e6)
    return found


if __name__ == "__main__":
    main()

"""What happens at ten times the capacity: ``python -m benchmarks.overload --stack box``.

Starts Heed as real processes, measures how many posts a second its workers read, then sends ten times as many for a while:
four times by forums that keep to their limit, six times by one that does not. Looks at what intake answers and how soon, at
the memory of each process, at how soon a post comes back that somebody waits for, at the age of the backlog that Heed exports,
and at how long it takes until all is read. Exits 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path

import psutil
from sqlalchemy import select

from benchmarks.chaos.audit import Database
from benchmarks.chaos.report import record, show
from benchmarks.chaos.stack import STACKS, Stack, free_port
from benchmarks.overload.crowd import Answers, Crowd
from service.store.models import Post, Revision, Verdict
from training import corpus

TIMES, WITHIN_LIMIT = 10, 4
"""How many times the capacity is sent, and how much of that by forums that keep to their limit."""
LIMIT, QUIET_RATE, LOUD_RATE = "500/10 seconds", 40.0, 100.0
"""HEED_RATE_LIMIT, and posts a second of a forum that keeps to it, and at least of one that does not."""
PROBE_POSTS = 300
MOST_PENDING = 500
DRAIN_SECONDS = 600
GROWTH_MB = 200
"""More than so much, a process would have kept the posts in its memory."""
READ = (
    select(Post.external_id, Revision.urgent, Revision.received_at, Verdict.created_at)
    .join(Verdict, (Verdict.post_id == Post.id) & Verdict.current)
    .join(Revision, Revision.id == Verdict.revision_id)
)
WAITING = select(Revision.id).where(Revision.state.in_(("pending", "leased"))).limit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", choices=STACKS, default="box")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the rush")
    parser.add_argument("--record", action="store_true", help="write the table of docs/reliability.md")
    chosen = parser.parse_args()
    settings = {"HEED_MAX_PENDING": MOST_PENDING, "HEED_RATE_LIMIT": LIMIT}
    with tempfile.TemporaryDirectory(prefix="heed-overload-") as folder:
        heed = STACKS[chosen.stack](Path(folder), free_port(), **settings)
        try:
            heed.start()
            figures, broken = measure(heed, chosen.seconds)
        finally:
            heed.stop()
    report = {
        "stack": f"overload of the {chosen.stack}",
        "day": f"{date.today():%Y-%m-%d}",
        "command": f"python -m benchmarks.overload --stack {chosen.stack} --seconds {chosen.seconds:g}",
        "figures": figures,
        "broken": {what: {"times": 1, "for example": "above"} for what in broken},
    }
    show(report)
    if chosen.record:
        record(report)
    sys.exit(1 if broken else 0)


def measure(heed: Stack, seconds: float) -> tuple[dict[str, str], list[str]]:
    """The figures of one run, and the promises that it broke."""
    texts = [post.text for post in corpus.read()]
    random.Random(7).shuffle(texts)
    database, crowd = Database(heed.database), Crowd(heed.url, texts)
    probe = heed.add_forum("probe").api_key
    capacity = _capacity(database, crowd, probe)
    quiet = [heed.add_forum(f"quiet-{number}").api_key for number in range(_forums(capacity))]
    rates = dict.fromkeys(quiet, capacity * WITHIN_LIMIT / len(quiet))
    rates[heed.add_forum("loud").api_key] = max(LOUD_RATE, capacity * (TIMES - WITHIN_LIMIT))
    crowd.answers = Answers()
    before, peak, backlog, done = _memory(heed), Counter(), [], threading.Event()
    watch = threading.Thread(target=_watch, args=(heed, crowd, peak, backlog, done))
    watch.start()
    crowd.rush("rush", rates, seconds)
    rushed = time.monotonic()
    drained = _drain(database)
    recovery = time.monotonic() - rushed
    done.set()
    watch.join()
    answers, oldest, after = crowd.answers, max(backlog, default=0.0), crowd.backlog()
    read = [row for row in database.rows(READ) if row.external_id.startswith("rush")]
    lost = len(set(answers.accepted) - {row.external_id for row in read})
    common = [(row.created_at - row.received_at).total_seconds() for row in read if row.urgent <= 0]
    cuts = statistics.quantiles(answers.seconds, n=100)
    figures = {
        "capacity, posts read a second": f"{capacity:.1f}",
        "posts sent in the rush": f"{answers.codes.total():,}",
        "answers": ", ".join(f"{code} {times:,}" for code, times in answers.codes.most_common()),
        "refusals without `Retry-After`": str(answers.rude),
        "seconds to an answer, median and 99th percentile": f"{cuts[49]:.2f}, {cuts[98]:.2f}",
        "seconds to a verdict that was waited for, median and most": _median_and_most(answers.awaited),
        "seconds to one that nobody waited for, median and most": _median_and_most(common),
        "memory in MB before and at most": ", ".join(f"{r} {before[r]:.0f} → {peak[r]:.0f}" for r in sorted(peak)),
        "`heed_oldest_pending_seconds`, at most and at the end": f"{oldest:.0f}, {after}",
        "seconds until all was read": f"{recovery:.0f}" if drained else "never",
        "accepted posts without a verdict": str(lost),
    }
    promises = {
        "every answer takes a post or says when to come again": not answers.rude and not answers.others,
        "both limits were met": answers.codes["429"] and answers.codes["503"],
        "who waits is served before who does not": answers.awaited
        and statistics.median(answers.awaited) < statistics.median(common),
        "memory stays bounded": all(peak[role] < before[role] + GROWTH_MB for role in peak),
        "the age of the backlog is exported": oldest > 0 and after == 0,
        "all that was accepted is read, without help": drained and not lost,
    }
    return figures, [promise for promise, kept in promises.items() if not kept]


def _capacity(database: Database, crowd: Crowd, key: str) -> float:
    """Posts that Heed's workers read a second."""
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: crowd.send(key, f"probe{number}"), range(PROBE_POSTS)))
    _drain(database)
    return PROBE_POSTS / (time.monotonic() - began)


def _forums(capacity: float) -> int:
    return max(1, round(capacity * WITHIN_LIMIT / QUIET_RATE))


def _median_and_most(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f}, {max(seconds):.2f}" if seconds else "none came back in time"


def _drain(database: Database) -> bool:
    end = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < end:
        if not database.rows(WAITING):
            return True
        time.sleep(0.3)
    return False


def _watch(heed: Stack, crowd: Crowd, peak: Counter[str], backlog: list[float], done: threading.Event) -> None:
    while not done.wait(1):
        for role, megabytes in _memory(heed).items():
            peak[role] = max(peak[role], megabytes)
        if (age := crowd.backlog()) is not None:
            backlog.append(age)


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

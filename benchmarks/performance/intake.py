"""Intake alone: signed posts stored durably, beside a bare Flask route that stores the same row under the same gunicorn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.stack import Baseline
from benchmarks.performance.figures import percentiles, ratio, spread
from benchmarks.performance.heed import Heed
from benchmarks.performance.sender import Answer, Request, send

STACKS = {"SQLite": "box", "PostgreSQL": "cluster"}


def measure(folder: Path, texts: Sequence[str], rounds: int, tell: Callable[[], None]) -> dict[str, Any]:
    """The figures on each database; `tell` is called after each round."""
    return {name: _on(folder / name, stack, texts, rounds, tell) for name, stack in STACKS.items()}


def steps(rounds: int) -> int:
    return len(STACKS) * (rounds + 1)


def _on(folder: Path, stack: str, texts: Sequence[str], rounds: int, tell: Callable[[], None]) -> dict[str, Any]:
    heed = Heed(folder / "heed", stack, backend="torch")
    heed.start()
    # On PostgreSQL both have their tables in one database: the same server, the same settings.
    bare = Baseline(folder / "bare", database="" if stack == "box" else heed.stack.database)
    try:
        bare.start()
        ways = {
            "heed": (heed.port, lambda name: heed.requests(name, texts)),
            "bare": (bare.port, lambda name: bare.requests(name, texts, "/store")),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        took: dict[str, list[Answer]] = {name: [] for name in ways}
        with heed.no_reading():
            for number in range(rounds + 1):
                for name, (port, requests) in ways.items():
                    seconds, answers = _sent(port, requests(f"intake{number}"))
                    if number:
                        rates[name].append(len(texts) / seconds)
                        took[name] += answers
                tell()
    finally:
        bare.stop()
        heed.stop()
    return {
        "requests a second": {name: spread(found) for name, found in rates.items()},
        "share of the bare route": ratio(rates["heed"], rates["bare"]),
        "latency, ms": {name: percentiles([answer.took for answer in found]) for name, found in took.items()},
    }


def _sent(port: int, requests: Sequence[Request]) -> tuple[float, list[Answer]]:
    began = time.perf_counter()
    answers = send(port, requests)
    return time.perf_counter() - began, answers

"""From the webhook to the stored verdict, through real processes: Heed and two baselines take turns on the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.baselines import pipelines
from benchmarks.baselines.stack import Baseline
from benchmarks.performance.figures import percentiles, ratio, spread
from benchmarks.performance.heed import Heed
from benchmarks.performance.sender import Request, arrivals, send

LOADS = (0.5, 0.8)
LATEST = 600.0
"""Seconds after which a verdict that has not come never will."""


class Contender(Protocol):
    port: int

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def requests(self, name: str, texts: Sequence[str]) -> list[Request]: ...

    def verdicts(self, name: str) -> dict[str, float]: ...


@dataclass(frozen=True)
class Amount:
    """How much is measured: posts of a saturated round by contender, rounds, seconds under load, posts one at a time."""

    posts: dict[str, int]
    rounds: int
    seconds: float
    alone: int


def measure(
    folder: Path, texts: Sequence[str], amount: Amount, tell: Callable[[], None], python: str = ""
) -> dict[str, Any]:
    """The figures of all contenders; `tell` is called as often as `steps` says. `python` runs Heed."""
    pipelines.make(folder / "models")
    heed = Heed(folder / "heed", python=python)
    contenders: dict[str, Contender] = {
        "heed": heed,
        "pipelines, SimpleWorker": Baseline(folder / "simple", "simple", folder / "models"),
        "pipelines, forking worker": Baseline(folder / "fork", "fork", folder / "models"),
    }
    running: list[Contender] = []
    try:
        began = time.perf_counter()
        for contender in contenders.values():
            contender.start()
            running.append(contender)
            if contender is heed:
                _awaited(heed, "first", send(heed.port, heed.requests("first", texts[:1])))
                first = time.perf_counter() - began
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        memory = []
        for number in range(amount.rounds + 1):
            for name, contender in contenders.items():
                rate = _saturated(contender, f"round{number}", _some(texts, amount.posts[name]))
                # The first round warms everybody up.
                if number:
                    rates[name].append(rate)
                if contender is heed:
                    memory.append({"posts": (number + 1) * amount.posts[name], "MB": round(heed.megabytes("classify"))})
                tell()
        waits = {
            name: _waits(contenders[name], texts, rates[name], amount, tell)
            for name in ("heed", "pipelines, SimpleWorker")
        }
    finally:
        for contender in reversed(running):
            contender.stop()
    return {
        "posts a round": amount.posts,
        "posts a second, saturated": {name: spread(found) for name, found in rates.items()},
        "heed, times as quick": {name: ratio(rates["heed"], found) for name, found in rates.items() if name != "heed"},
        "latency, ms": waits,
        "memory of the classify worker": memory,
        "seconds from start to the first verdict": round(first, 1),
    }


def steps(amount: Amount) -> int:
    return 3 * (amount.rounds + 1) + 2 * (1 + len(LOADS))


def _some(texts: Sequence[str], number: int) -> list[str]:
    return [texts[place % len(texts)] for place in range(number)]


def _saturated(contender: Contender, name: str, texts: Sequence[str]) -> float:
    """Posts a second, from the first request to the last verdict."""
    answers = send(contender.port, contender.requests(name, texts))
    stored = _awaited(contender, name, answers)
    return len(texts) / (max(stored.values()) - min(answer.due for answer in answers))


def _waits(
    contender: Contender, texts: Sequence[str], rates: Sequence[float], amount: Amount, tell: Callable[[], None]
) -> dict[str, Any]:
    """Percentiles from the moment a post was due to its verdict: one at a time, then at shares of the capacity."""
    alone = []
    for number, text in enumerate(_some(texts, amount.alone)):
        answers = send(contender.port, contender.requests(f"alone{number}", [text]), lanes=1)
        alone += _latencies(contender, f"alone{number}", answers)
    tell()
    found: dict[str, Any] = {"one at a time": percentiles(alone)}
    for load in LOADS:
        rate = load * spread(rates)["median"]
        number = max(20, int(rate * amount.seconds))
        name = f"load{int(100 * load)}"
        due = arrivals(number, rate, seed=number)
        answers = send(contender.port, contender.requests(name, _some(texts, number)), due)
        found[f"{load:.0%} load"] = percentiles(_latencies(contender, name, answers)) | {"posts": number}
        tell()
    return found


def _latencies(contender: Contender, name: str, answers: Sequence[Any]) -> list[float]:
    stored = _awaited(contender, name, answers)
    return [stored[answer.id] - answer.due for answer in answers]


def _awaited(contender: Contender, name: str, answers: Sequence[Any]) -> dict[str, float]:
    """When each of the posts got its verdict, once all have."""
    end = time.monotonic() + LATEST
    while len(stored := contender.verdicts(name)) < len(answers):
        if time.monotonic() > end:
            raise TimeoutError(f"{len(answers) - len(stored)} of {len(answers)} posts have no verdict")
        time.sleep(0.3 if len(answers) > 1 else 0.05)
    return stored

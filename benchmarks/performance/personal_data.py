"""Personal data alone: Heed's patterns and its whole reading beside Presidio, where `make evaluate` has installed that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.performance.figures import ratio, spread
from classifiers.personal_data import find_patterns


def measure(texts: Sequence[str], rounds: int, tell: Callable[[], None]) -> dict[str, Any]:
    """Posts a second; what is found is compared in docs/evaluation.md."""
    ways: dict[str, Callable[[str], object]] = {"heed's patterns": find_patterns}
    if find_spec("presidio_analyzer"):
        from training.peers import presidio

        find = presidio()
        ways["Presidio"] = lambda text: list(find(text))
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            for text in texts:
                way(text)
            if number:
                rates[name].append(len(texts) / (time.perf_counter() - began))
        tell()
    found: dict[str, Any] = {"posts a second": {name: spread(rate) for name, rate in rates.items()}}
    if "Presidio" in rates:
        found["times as quick as Presidio"] = ratio(rates["heed's patterns"], rates["Presidio"])
    return found

"""Medians with their spread, and two ways beside each other."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

Spread = dict[str, float]


def spread(values: Sequence[float]) -> Spread:
    """The median of some rounds, with the least and the most."""
    return {"median": _short(statistics.median(values)), "least": _short(min(values)), "most": _short(max(values))}


def ratio(first: Sequence[float], second: Sequence[float]) -> Spread:
    """How many times `second` the `first` is, round by round: what disturbs a round disturbs both."""
    return spread([one / two for one, two in zip(first, second, strict=True)])


def percentiles(seconds: Sequence[float]) -> Spread:
    """Milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {name: _short(1000 * cuts[place - 1]) for name, place in (("p50", 50), ("p95", 95), ("p99", 99))}


def _short(value: float) -> float:
    return float(f"{value:.4g}")

"""How a job works: step by step until nothing is left, it is told to stop, or its turn is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from workers import stopping

TURN_SECONDS = 60
"""After this long a job ends and wakes its successor, well inside RQ's limit for one job."""


def drain(step: Callable[[], int], wake: Callable[[], bool], seconds: float = TURN_SECONDS) -> int:
    """Repeat `step`, which returns how much it did, until it did nothing; returns the sum.

    Where the turn ends before the work, `wake` calls the next job.
    """
    total, end = 0, time.monotonic() + seconds
    while done := step():
        total += done
        if stopping.requested() or time.monotonic() > end:
            wake()
            break
    return total

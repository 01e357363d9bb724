"""When a callback is tried again: the schedule that Standard Webhooks recommends."""

from __future__ import annotations

import random

HOUR = 3600
SCHEDULE = (0, 5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds before each attempt, counted from the one before."""
JITTER = 0.1
"""Share added at random, so that callbacks that failed together do not come back together."""
LONGEST = 24 * HOUR
"""The longest `Retry-After` that we heed."""


def pause(attempts: int, retry_after: float | None = None) -> float | None:
    """Seconds to wait after so many attempts, at least what the forum asked for; None: give up."""
    if attempts >= len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts] * (1 + random.uniform(0, JITTER))
    return max(planned, min(retry_after or 0, LONGEST))

"""Who waits for a verdict holds a thread of the web process: no more than half of them, so that the others answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from service.errors import Invalid
from service.settings import settings

LOOK_SECONDS = 0.1
"""Pause between two looks for a verdict that is waited for."""


def seconds(wanted: str) -> float:
    """How long `?wait=` says to wait, `HEED_WAIT_SECONDS_MAX` at most. Raises Invalid."""
    try:
        asked = float(wanted)
    except ValueError:
        asked = math.nan
    if not 0 <= asked < math.inf:
        raise Invalid("Say how many seconds to wait, such as wait=5.", field="wait")
    return min(asked, settings().wait_seconds_max)


@contextmanager
def place() -> Iterator[bool]:
    """Whether the caller may wait inside the block; False at once where half of the threads wait already."""
    places = _places(max(1, settings().web_threads // 2))
    free = places.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            places.release()


@cache
def _places(most: int) -> BoundedSemaphore:
    """Those of this process."""
    return BoundedSemaphore(most)

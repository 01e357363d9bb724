"""Who waits for a verdict: a thread of the web process, which the worker tells by Redis that its post is read.

No more than half of the threads wait, so that the others answer. Redis holds ids only, and may be wiped: now and then who waits
looks without being told.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore

from redis.exceptions import RedisError

from service.errors import ConfigurationError, Invalid
from service.once import made_once
from service.settings import settings
from service.wakeup import redis_connection

LOOK_SECONDS = 1
"""After so long whoever waits looks untold: less than `CONNECT_SECONDS`, or the connection would give up."""
TOLD_SECONDS = 60
"""How long it is remembered that a post was read."""
DOWN = (RedisError, OSError, ConfigurationError)


def seconds(wanted: str) -> float:
    """How long `?wait=` says to wait, `HEED_WAIT_SECONDS_MAX` at most. Raises Invalid."""
    try:
        asked = float(wanted)
    except ValueError:
        asked = math.nan
    if not 0 <= asked < math.inf:
        raise Invalid("Say how many seconds to wait, such as wait=5.", field="wait")
    return min(asked, settings().wait_seconds_max)


def tell(posts: Iterable[str]) -> None:
    """Tell whoever waits for these posts, by our ids, that their verdicts are there. Called after the commit."""
    with suppress(*DOWN), redis_connection().pipeline(transaction=False) as pipeline:
        for post in posts:
            pipeline.rpush(_key(post), 1).expire(_key(post), TOLD_SECONDS)
        pipeline.execute()


def until_told(posts: Iterable[str], end: float) -> None:
    """Return once one of the posts is read, or it is time to look: at `end` (time.monotonic) at the latest."""
    pause = min(LOOK_SECONDS, end - time.monotonic())
    if pause <= 0:
        return
    try:
        # Redis takes 0 for ever.
        redis_connection().blpop([_key(post) for post in posts], timeout=max(0.01, pause))
    except DOWN:
        time.sleep(pause)


def _key(post: str) -> str:
    return f"heed:read:{post}"


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


@made_once
def _places(most: int) -> BoundedSemaphore:
    """Those of this process."""
    return BoundedSemaphore(most)

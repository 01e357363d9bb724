"""Rate limits counted in Redis, for all processes together."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import RateLimiter
from redis import ConnectionPool

from service.once import made_once
from service.wakeup import redis_connection


def shared_storage() -> RedisStorage:
    """Counts by `HEED_REDIS_URL`. Raises ConfigurationError where there is none."""
    return _storage(redis_connection().connection_pool)


def seconds_left(limiter: RateLimiter, limit: RateLimitItem, *keys: tuple[str, str]) -> int:
    """Whole seconds, at least 1, until every one of `keys` has room again."""
    until = max(limiter.get_window_stats(limit, *key).reset_time for key in keys)
    return max(1, math.ceil(until - time.time()))


@made_once
def _storage(pool: ConnectionPool) -> RedisStorage:
    """Made once for a pool: it prepares its scripts, which no request has to wait for."""
    return RedisStorage("redis://", connection_pool=pool)

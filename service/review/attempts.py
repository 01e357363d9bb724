"""How often somebody may try to log in: counted per address and per name, in Redis where it answers."""

from __future__ import annotations

import hashlib
import math
import time
from functools import cache

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from service.accounts import clean_name
from service.errors import ConfigurationError, TooMany
from service.settings import settings
from service.wakeup import redis_connection


def count_attempt(address: str, name: str) -> None:
    """Count one attempt to log in. Raises TooMany, with the seconds to wait, above `HEED_LOGIN_RATE_LIMIT`."""
    limit = parse(settings().login_rate_limit)
    try:
        _count(_shared(), limit, address, name)
    except (RedisError, OSError, ConfigurationError):
        # Without Redis each process counts for itself: a looser limit, but never none.
        _count(_own(), limit, address, name)


def _count(storage: Storage, limit: RateLimitItem, address: str, name: str) -> None:
    limiter = FixedWindowRateLimiter(storage)
    # What was typed may be a password in the wrong field: Redis gets its hash.
    hashed = hashlib.sha256(clean_name(name).encode()).hexdigest()[:32]
    keys = (("login-address", address), ("login-name", hashed))
    allowed = [limiter.hit(limit, *key) for key in keys]
    if not all(allowed):
        until = max(limiter.get_window_stats(limit, *key).reset_time for key in keys)
        seconds = max(1, math.ceil(until - time.time()))
        raise TooMany(f"That was too many attempts. Wait {seconds} seconds, then try again.", retry_after=seconds)


def _shared() -> Storage:
    return RedisStorage("redis://", connection_pool=redis_connection().connection_pool)


@cache
def _own() -> Storage:
    return MemoryStorage()

"""How often somebody may try to log in: counted per address and per name, in Redis where it answers."""

from __future__ import annotations

import hashlib
from functools import cache

from flask_babel import ngettext
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from service.errors import ConfigurationError, TooMany
from service.people.accounts import clean_name
from service.rate import seconds_left, shared_storage
from service.settings import settings


def count_attempt(address: str, name: str = "") -> None:
    """Count one attempt to get in from an address, and under a name where one was typed. Raises TooMany, with the seconds to wait, above `HEED_LOGIN_RATE_LIMIT`."""
    limit = parse(settings().login_rate_limit)
    try:
        _count(shared_storage(), limit, address, name)
    except (RedisError, OSError, ConfigurationError):
        # Without Redis each process counts for itself: a looser limit, but never none.
        _count(_own(), limit, address, name)


def _count(storage: Storage, limit: RateLimitItem, address: str, name: str) -> None:
    limiter = FixedWindowRateLimiter(storage)
    # What was typed may be a password in the wrong field: Redis gets its hash.
    hashed = hashlib.sha256(clean_name(name).encode()).hexdigest()[:32]
    keys = [("login-address", address), *([("login-name", hashed)] if name else [])]
    allowed = [limiter.hit(limit, *key) for key in keys]
    if not all(allowed):
        seconds = seconds_left(limiter, limit, *keys)
        said = ngettext(
            "That was too many attempts. Wait one second, then try again.",
            "That was too many attempts. Wait %(num)s seconds, then try again.",
            seconds,
        )
        raise TooMany(said, retry_after=seconds)


@cache
def _own() -> Storage:
    return MemoryStorage()

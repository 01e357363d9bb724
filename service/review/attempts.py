"""How often somebody may try to get in, and when nobody may any more: counted per address and per name, in Redis where it
answers.

Whoever got in from a browser before is counted by that browser in the place of the name: a stranger who guesses at a name
locks out nobody but themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flask import request
from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from service.errors import ConfigurationError, TooMany
from service.once import made_once
from service.people.accounts import clean_name
from service.rate import seconds_left, shared_storage
from service.review import known_browser
from service.settings import settings

Key = tuple[str, str]


def count_attempt(name: str = "") -> None:
    """Count one attempt to get in from this request's address, and under a name where one was typed.

    Raises TooMany, with the seconds to wait, above `HEED_LOGIN_RATE_LIMIT`, and where `HEED_LOGIN_LOCKOUT` failed lately.
    """
    _everywhere(lambda limiter: _count(limiter, name))


def count_failure(name: str = "") -> None:
    """Count an attempt that failed towards the lock-out."""
    limit = parse(settings().login_lockout)
    _everywhere(lambda limiter: [limiter.hit(limit, *key) for key in _keys("failed", name)])


def forget_failures(name: str) -> None:
    """Somebody got in: what failed under their name counts no more. What failed from their address still does."""
    limit = parse(settings().login_lockout)
    _everywhere(lambda limiter: [limiter.clear(limit, *key) for key in _keys("failed", name)[1:]])


def _everywhere(act: Callable[[FixedWindowRateLimiter], object]) -> None:
    try:
        act(FixedWindowRateLimiter(shared_storage()))
    except (RedisError, OSError, ConfigurationError):
        # Without Redis each process counts for itself: a looser limit, but never none.
        act(FixedWindowRateLimiter(_own()))


def _count(limiter: FixedWindowRateLimiter, name: str) -> None:
    lockout, failed = parse(settings().login_lockout), _keys("failed", name)
    if not all(limiter.test(lockout, *key) for key in failed):
        seconds = seconds_left(limiter, lockout, *(key for key in failed if not limiter.test(lockout, *key)))
        raise TooMany(_locked_out(seconds), retry_after=seconds)
    limit, keys = parse(settings().login_rate_limit), _keys("login", name)
    if not all([limiter.hit(limit, *key) for key in keys]):
        raise TooMany(_too_quick(limiter, limit, keys), retry_after=seconds_left(limiter, limit, *keys))


def _keys(what: str, name: str) -> list[Key]:
    """What is counted: the address first, then the browser that somebody of this name has used, else the name."""
    keys = [(f"{what}-address", _network(request.remote_addr or ""))]
    if name:
        browser = known_browser.of(name)
        # What was typed may be a password in the wrong field: Redis gets its hash.
        hashed = hashlib.sha256(clean_name(name).encode()).hexdigest()[:32]
        keys.append((f"{what}-browser", browser) if browser else (f"{what}-name", hashed))
    return keys


def _network(address: str) -> str:
    """An address as one caller has it: of IPv6 the 64 bits that a line is given, for the rest is free to choose."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or ip_network((known, 64), strict=False))


def _too_quick(limiter: FixedWindowRateLimiter, limit: RateLimitItem, keys: list[Key]) -> str:
    return ngettext(
        "That was too many attempts. Wait one second, then try again.",
        "That was too many attempts. Wait %(num)s seconds, then try again.",
        seconds_left(limiter, limit, *keys),
    )


def _locked_out(seconds: int) -> str:
    time = format_timedelta(timedelta(seconds=seconds), granularity="minute", threshold=1.5, add_direction=True)
    return _(
        "Too many attempts have failed from here or by this name. Try again %(time)s, or ask an admin for a link that "
        "lets you back in.",
        time=time,
    )


@made_once
def _own() -> Storage:
    return MemoryStorage()

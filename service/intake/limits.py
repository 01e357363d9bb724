"""How many posts a forum may send."""

from __future__ import annotations

from functools import cache

from limits import parse
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from service.errors import ConfigurationError, TooLarge, TooMany, Unavailable
from service.problems import RETRY_SECONDS
from service.rate import seconds_left, shared_storage
from service.settings import settings
from service.store import Store
from service.store.models import Forum

QUEUE_DOWN = "The queue does not answer. Nothing was stored; send it again."


_parsed = cache(parse)


def check_room(where: Store, session: Session, posts: int = 1) -> None:
    """Raises Unavailable where `HEED_MAX_PENDING` posts wait already."""
    if not where.room.take(session, posts, settings().max_pending):
        raise Unavailable("Too many posts wait to be read. Nothing was stored; send it again later.", retry_after=30)


def count(forum: Forum, posts: int = 1) -> None:
    """Count posts sent. Raises TooMany above `HEED_RATE_LIMIT`, with the seconds to wait, and Unavailable where Redis is down: the
    forum keeps the post, rather than wait for it to be read someday.
    """
    limit = _parsed(settings().rate_limit)
    if posts > limit.amount:
        raise TooLarge(f"A batch of {posts} posts is more than {settings().rate_limit} allows. Send smaller ones.")
    try:
        limiter = MovingWindowRateLimiter(shared_storage())
        if limiter.hit(limit, "intake", forum.id, cost=posts):
            return
        seconds = seconds_left(limiter, limit, ("intake", forum.id))
    except (RedisError, OSError, ConfigurationError):
        raise Unavailable(QUEUE_DOWN, retry_after=RETRY_SECONDS) from None
    raise TooMany(f"More than {settings().rate_limit} posts. Send it again in {seconds} s.", retry_after=seconds)

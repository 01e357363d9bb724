"""How many posts a forum may send."""

from __future__ import annotations

from limits import parse
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from service.errors import TooLarge, TooMany, Unavailable
from service.problems import RETRY_SECONDS
from service.rate import seconds_left, shared_storage
from service.settings import settings
from service.store.models import Forum
from service.wakeup import queue_ready

QUEUE_DOWN = "The queue does not answer. Nothing was stored; send it again."


def check_queue() -> None:
    """Raises Unavailable where Redis is down: the forum keeps the post, rather than wait for it to be read someday."""
    if not queue_ready():
        raise Unavailable(QUEUE_DOWN, retry_after=RETRY_SECONDS)


def count(forum: Forum, posts: int = 1) -> None:
    """Count posts sent. Raises TooMany above `HEED_RATE_LIMIT`, with the seconds to wait."""
    limit = parse(settings().rate_limit)
    if posts > limit.amount:
        raise TooLarge(f"A batch of {posts} posts is more than {settings().rate_limit} allows. Send smaller ones.")
    try:
        limiter = MovingWindowRateLimiter(shared_storage())
        if limiter.hit(limit, "intake", forum.id, cost=posts):
            return
        seconds = seconds_left(limiter, limit, ("intake", forum.id))
    except (RedisError, OSError):
        raise Unavailable(QUEUE_DOWN, retry_after=RETRY_SECONDS) from None
    raise TooMany(f"More than {settings().rate_limit} posts. Send it again in {seconds} s.", retry_after=seconds)

"""How many posts a forum may send."""

from __future__ import annotations

import math
import time

from limits import parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from service.errors import TooLarge, TooMany, Unavailable
from service.settings import settings
from service.store.models import Forum
from service.wakeup import queue_ready, redis_connection

QUEUE_DOWN = "The queue does not answer. Nothing was stored; send it again."
RETRY_SECONDS = 10


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
        limiter = MovingWindowRateLimiter(RedisStorage("redis://", connection_pool=redis_connection().connection_pool))
        if limiter.hit(limit, "intake", forum.id, cost=posts):
            return
        seconds = max(1, math.ceil(limiter.get_window_stats(limit, "intake", forum.id).reset_time - time.time()))
    except (RedisError, OSError):
        raise Unavailable(QUEUE_DOWN, retry_after=RETRY_SECONDS) from None
    raise TooMany(f"More than {settings().rate_limit} posts. Send it again in {seconds} s.", retry_after=seconds)

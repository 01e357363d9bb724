"""Wake-ups to RQ: hints that there is work. The database says what the work is; Redis holds no text and may be wiped.

Jobs are named by dotted path, so that the web process never imports `workers`. They carry no arguments.
"""

from __future__ import annotations

import logging
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.exceptions import RedisError
from redis.sentinel import Sentinel
from rq import Queue

from service import tracing
from service.errors import ConfigurationError
from service.once import Once, made_once
from service.settings import settings

log = logging.getLogger(__name__)

JOBS = {"classify": "workers.classify.run", "deliver": "workers.deliver.run"}
"""What each queue runs, by dotted name."""

JOB_SECONDS = 240
"""RQ's limit for one job; a job stops claiming long before (workers/drain.py) and wakes its successor."""
WAITING_SECONDS = 300
"""A wake-up nobody took in this time is forgotten: the sweeper gives another."""
FAILURE_SECONDS = 3600
"""How long RQ remembers a failed job; its default of a year would fill Redis."""
CONNECT_SECONDS = 2
"""Time that Redis has to answer before intake says it is down."""


def wake_classify() -> bool:
    """Tell a classify worker that posts are pending; False where Redis can't be told (the sweeper will).

    Called after the commit; threads that call at the same time share a wake-up.
    """
    return bool(_wake_classify())


def wake_deliver() -> bool:
    """Tell a deliver worker that callbacks are due; False where Redis can't be told (the sweeper will)."""
    return _wake("deliver")


def queue_ready() -> bool:
    """Whether Redis answers."""
    try:
        return bool(redis_connection().ping())
    except (RedisError, OSError, ConfigurationError):
        return False


def living_workers(name: str) -> list[str]:
    """Names of the workers of a queue whose heart beats: Redis forgets one that is silent for two minutes."""
    connection = redis_connection()
    keys = sorted(connection.smembers(f"rq:workers:{name}"))
    beating = [key for key in keys if connection.exists(key) and not connection.hexists(key, "death")]
    return [key.decode().removeprefix("rq:worker:") for key in beating]


@made_once
def redis_connection() -> Redis:
    """The connection of this process, by `HEED_REDIS_URL`. Raises ConfigurationError where there is none."""
    return connect(settings().redis_url.get_secret_value())


def connect(url: str, seconds: float = CONNECT_SECONDS) -> Redis:
    """A connection by URL: `redis://`, `rediss://`, `unix://` or `sentinel://host:port,host:port/service?db=0`.

    `seconds` is the time Redis has to answer one command.
    """
    if not url:
        raise ConfigurationError("HEED_REDIS_URL is not set. Name your Redis or Valkey, or start all with `heed up`.")
    limits = {"socket_timeout": seconds, "socket_connect_timeout": CONNECT_SECONDS, "health_check_interval": 30}
    try:
        return _by_sentinel(url, limits) if url.startswith("sentinel://") else Redis.from_url(url, **limits)
    except ValueError:
        raise ConfigurationError(
            "HEED_REDIS_URL can't be read. Use redis://, rediss://, unix:// or sentinel://host:port/service."
        ) from None


def _by_sentinel(url: str, limits: dict[str, float]) -> Redis:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("no service name")
    places = [(host.rpartition(":")[0], int(host.rpartition(":")[2])) for host in hosts.split(",")]
    user, _, password = (unquote(part) for part in credentials.partition(":"))
    account = {"username": user or None, "password": password or None}
    return Sentinel(places, **limits).master_for(service, db=int(database or 0), **account, **limits)


def _wake(name: str) -> bool:
    try:
        queue = Queue(name, connection=redis_connection(), serializer="json")
        if not _enough(queue):
            with tracing.span(f"wake {name}", kind="producer"):
                carried = tracing.carried()
                queue.enqueue_call(
                    JOBS[name],
                    description=name,
                    timeout=JOB_SECONDS,
                    ttl=WAITING_SECONDS,
                    result_ttl=0,
                    failure_ttl=FAILURE_SECONDS,
                    meta={tracing.TRACEPARENT: carried} if carried else None,
                )
        return True
    except (RedisError, OSError, ConfigurationError) as error:
        lost = {"queue": name, "error": type(error).__name__}
        log.warning("redis: %(queue)s wake-up not sent (%(error)s); the sweeper will send it", lost)
        return False


_wake_classify = Once(lambda: _wake("classify"))


def _enough(queue: Queue) -> bool:
    """Whether as many wake-ups wait as there are workers: each of them will look for all that is pending."""
    with queue.connection.pipeline(transaction=False) as pipeline:
        pipeline.llen(queue.key)
        pipeline.scard(f"rq:workers:{queue.name}")
        waiting, workers = pipeline.execute()
    return waiting >= max(1, workers)

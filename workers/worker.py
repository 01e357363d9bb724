"""The RQ worker: one queue, no fork, one model for its life."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job

from service import tracing
from service.errors import ConfigurationError
from service.settings import settings
from service.store import store
from service.wakeup import connect
from workers import stopping
from workers.encryption import check_keys
from workers.lease import free_dead
from workers.logs import kind, start_logs
from workers.parent import watch_parent

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15
"""Pause between two signs of life while a job runs."""
WORKER_TTL_SECONDS = 75
"""How long Redis remembers a silent worker; also how long one wait for a job may take, less 15 s."""
MAINTENANCE_SECONDS = 60
"""Pause between two clean-ups of RQ's registries: what a killed worker left there is gone after about three."""
JOBS_PER_PROCESS = 20_000
"""Jobs after which a process makes room for a fresh one: long-lived processes with models have been seen to leak."""


class JobFailed(Exception):
    """What RQ may keep of an exception in a job: the names of its types, and words of Heed's own alone."""


class HeedJob(Job):
    """A job whose exceptions are scrubbed before RQ sees them."""

    def perform(self) -> Any:
        try:
            with tracing.span(f"{self.origin} job", kind="consumer", parent=self.meta.get(tracing.TRACEPARENT, "")):
                return super().perform()
        except ConfigurationError as error:
            # Its words are Heed's own, and say what to mend.
            raise JobFailed(f"{kind(error)}: {error}") from None
        except Exception as error:
            raise JobFailed(kind(error)) from None


class HeedWorker(SimpleWorker):
    """Runs each job in this very process, beating its heart meanwhile.

    RQ's own worker forks for each job, which would load the model each time and hangs once torch has run.
    """

    job_class = HeedJob
    log_result_lifespan = False
    max_connection_wait_time = 5.0

    def __init__(self, queues: list[Queue], **options: Any) -> None:
        # With several queues RQ falls back to BLPOP, which loses a job in a crash.
        if len(queues) > 1:
            raise ConfigurationError("A worker listens to one queue. Start one worker for each.")
        super().__init__(
            queues,
            serializer="json",
            log_job_description=False,
            worker_ttl=WORKER_TTL_SECONDS,
            maintenance_interval=MAINTENANCE_SECONDS,
            **options,
        )

    def execute_job(self, job: Job, queue: Queue) -> None:
        execution = self.prepare_execution(job)
        with self._beating(job, execution):
            self.perform_job(job, queue, execution)
        self.set_state("idle")

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        return WORKER_TTL_SECONDS

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        stopping.request()
        super().request_stop(signum, frame)

    def check_for_suspension(self, burst: bool) -> None:
        # Asked to stop before RQ's own handlers were in place.
        if stopping.requested():
            raise StopRequested()
        super().check_for_suspension(burst)

    def teardown(self) -> None:
        with suppress(RedisError, OSError):
            super().teardown()

    def set_shutdown_requested_date(self) -> None:
        # Called inside the signal handler: Redis being away must not end the batch in hand.
        with suppress(RedisError, OSError):
            super().set_shutdown_requested_date()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        error = exc_info[1]
        said = str(error) if isinstance(error, JobFailed) else kind(error)
        log.error("job of %(queue)s failed: %(error)s", {"queue": job.origin, "error": said})

    @contextmanager
    def _beating(self, job: Job, execution: Execution) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                with suppress(RedisError, OSError):
                    self.maintain_heartbeats(job, execution)

        heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            done.set()
            heart.join(timeout=5)


def worker_name(queue: str, pid: int) -> str:
    """What Redis knows a worker of this machine by."""
    return f"{queue}-{os.uname().nodename}-{pid}"


def worker_for(name: str, connection: Redis) -> HeedWorker:
    """A worker of one queue, not started."""
    queue = Queue(name, connection=connection, serializer="json", job_class=HeedJob)
    return HeedWorker([queue], connection=connection, name=worker_name(name, os.getpid()))


def work(name: str, *, burst: bool = False) -> int:
    """Work on a queue until told to stop; returns the process's exit status."""
    start_logs()
    stopping.on_signals()
    watch_parent()
    url = settings().redis_url.get_secret_value()
    # Longer than the longest wait for a job, or each quiet minute would look like a Redis that is down.
    connection = connect(url, seconds=WORKER_TTL_SECONDS + 15)
    connection.ping()
    check_keys()
    tracing.start(name)
    free_dead(store())
    if name == "classify":
        from workers.model import classifier

        classifier()
    if stopping.requested():
        return 0
    log.info("%(queue)s worker ready", {"queue": name})
    worker_for(name, connection).work(burst=burst, logging_level="WARNING", max_jobs=JOBS_PER_PROCESS)
    log.info("%(queue)s worker stopped", {"queue": name})
    return 0

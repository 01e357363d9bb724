"""What `/metrics` counts of the database and the queue. Labels are Heed's own words: never a text, an author or a forum's
address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Queue
from rq.registry import FailedJobRegistry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import ConfigurationError
from service.store import Store
from service.store.kept import is_kept
from service.store.models import Delivery, QueueItem, Revision, Verdict, now
from service.wakeup import JOBS, living_workers, redis_connection

STATES = {
    Revision: ("pending", "leased", "done", "superseded", "deleted"),
    QueueItem: ("open", "decided", "withdrawn"),
    Delivery: ("pending", "delivered", "given_up", "superseded"),
}
ACTIONS = ("allow", "flag", "hold", "escalate", "redact", "remove")
"""What there is none of is told too, as 0: a rule can ask only what is there."""


class HeedCollector(Collector):
    """Counts in one view of the database, and in the queue, at the moment of the scrape."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        with self._store.read() as session:
            yield from list(_of_database(session))
        yield from _of_queue()

    def describe(self) -> Iterable[Metric]:
        return ()


def _of_database(session: Session) -> Iterator[Metric]:
    revisions = (Revision.state, STATES[Revision], is_kept(Revision))
    yield _grouped(session, "heed_revisions", "Revisions of posts by state", "state", *revisions)
    verdicts = (Verdict.action, ACTIONS, Verdict.current, is_kept(Verdict))
    yield _grouped(session, "heed_verdicts", "Current verdicts by action", "action", *verdicts)
    items = (QueueItem.state, STATES[QueueItem])
    yield _grouped(session, "heed_queue_items", "Items of the review queue by state", "state", *items)
    callbacks = (Delivery.state, STATES[Delivery])
    yield _grouped(session, "heed_deliveries", "Callbacks by state", "state", *callbacks)
    unread = Revision.state.in_(("pending", "leased")) & is_kept(Revision)
    yield _age(session, "heed_oldest_pending_seconds", "Age of the oldest unread post", Revision.received_at, unread)
    unsent = Delivery.state == "pending"
    yield _age(
        session, "heed_oldest_delivery_seconds", "Age of the oldest unsent callback", Delivery.created_at, unsent
    )
    review = QueueItem.state == "open"
    yield _age(session, "heed_oldest_review_seconds", "Age of the oldest post at review", QueueItem.created_at, review)
    overdue = select(func.count(QueueItem.id)).where(review, QueueItem.due_at < now())
    yield GaugeMetricFamily("heed_overdue_reviews", "Posts at review past their time", session.scalar(overdue))
    failed = select(func.count(QueueItem.id)).where(review, QueueItem.labels.contains(" not_checked.failed "))
    yield GaugeMetricFamily("heed_failed_posts", "Posts at review that could not be read", session.scalar(failed))


def _of_queue() -> Iterator[Metric]:
    """Of a queue that does not answer, only that."""
    alive = GaugeMetricFamily("heed_workers", "Workers whose heart beats, by queue", labels=["queue"])
    failed = GaugeMetricFamily("heed_failed_jobs", "Jobs that failed within the last hour, by queue", labels=["queue"])
    up = GaugeMetricFamily("heed_queue_up", "1 where the queue answers")
    try:
        connection = redis_connection()
        for name in JOBS:
            queue = Queue(name, connection=connection, serializer="json")
            alive.add_metric([name], len(living_workers(name)))
            failed.add_metric([name], FailedJobRegistry(queue=queue).get_job_count(cleanup=False))
    except (RedisError, OSError, ConfigurationError):
        up.add_metric([], 0)
        yield up
    else:
        up.add_metric([], 1)
        yield from (up, alive, failed)


def _grouped(session: Session, name: str, help_: str, label: str, column, known, *where) -> Metric:  # noqa: ANN001, ANN002
    family = GaugeMetricFamily(name, help_, labels=[label])
    counted = dict(session.execute(select(column, func.count()).where(*where).group_by(column)).all())
    for value in {**dict.fromkeys(known, 0), **counted}:
        family.add_metric([value], counted.get(value, 0))
    return family


def _age(session: Session, name: str, help_: str, column, where) -> Metric:  # noqa: ANN001
    oldest = session.scalar(select(func.min(column)).where(where))
    return GaugeMetricFamily(name, help_, value=(now() - oldest).total_seconds() if oldest else 0.0)

"""What `/metrics` counts. Labels are Heed's own words: never a text, an author or a forum's address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.store import Store
from service.store.kept import is_kept
from service.store.models import Delivery, QueueItem, Revision, Verdict, now


class HeedCollector(Collector):
    """Counts in one view of the database at the moment of the scrape."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        with self._store.read() as session:
            yield from list(_all(session))

    def describe(self) -> Iterable[Metric]:
        return ()


def _all(session: Session) -> Iterator[Metric]:
    yield _grouped(session, "heed_revisions", "Revisions of posts by state", "state", Revision.state, is_kept(Revision))
    yield _grouped(
        session,
        "heed_verdicts",
        "Current verdicts by action",
        "action",
        Verdict.action,
        Verdict.current,
        is_kept(Verdict),
    )
    yield _grouped(session, "heed_queue_items", "Items of the review queue by state", "state", QueueItem.state)
    yield _grouped(session, "heed_deliveries", "Callbacks by state", "state", Delivery.state)
    unread = Revision.state.in_(("pending", "leased")) & is_kept(Revision)
    yield _age(session, "heed_oldest_pending_seconds", "Age of the oldest unread post", Revision.received_at, unread)
    unsent = Delivery.state == "pending"
    yield _age(
        session, "heed_oldest_delivery_seconds", "Age of the oldest unsent callback", Delivery.created_at, unsent
    )
    review = QueueItem.state == "open"
    yield _age(session, "heed_oldest_review_seconds", "Age of the oldest post at review", QueueItem.created_at, review)


def _grouped(session: Session, name: str, help_: str, label: str, column, *where) -> Metric:  # noqa: ANN001, ANN002
    family = GaugeMetricFamily(name, help_, labels=[label])
    for value, count in session.execute(select(column, func.count()).where(*where).group_by(column)):
        family.add_metric([value], count)
    return family


def _age(session: Session, name: str, help_: str, column, where) -> Metric:  # noqa: ANN001
    oldest = session.scalar(select(func.min(column)).where(where))
    return GaugeMetricFamily(name, help_, value=(now() - oldest).total_seconds() if oldest else 0.0)

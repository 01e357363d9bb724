"""The sweeper: wakes workers for whatever is pending or due, and alerts who is on call. Redis may have been wiped; the
database knows."""

from __future__ import annotations

import logging
from dataclasses import asdict, astuple, dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service import keys, tracing
from service.erasure import receipts
from service.people import budget
from service.settings import settings
from service.store import Store, store
from service.store.models import Delivery, Revision, now
from service.wakeup import wake_classify, wake_deliver
from workers import missed, on_call, stopping
from workers.classify import unread
from workers.deliver import due
from workers.encryption import check_keys
from workers.lease import free_settled
from workers.leftovers import Leftovers
from workers.logs import kind, start_logs
from workers.parent import watch_parent
from workers.retention import Retention

log = logging.getLogger(__name__)


ERASING_SECONDS = 2.0
"""How long one round erases for each author whose erasure a request left unfinished."""


@dataclass(frozen=True)
class Waiting:
    """How much waits: posts to claim, posts being read, callbacks due, callbacks to retry later."""

    pending: int
    leased: int
    due: int
    later: int


def once(retention: Retention | None = None, leftovers: Leftovers | None = None) -> Waiting:
    """Count, and wake the workers there is something for; then what is not urgent."""
    waiting = count(store())
    if waiting.pending:
        wake_classify()
    if waiting.due or missed.forums_due(store(), settings()):
        wake_deliver()
    free_settled(store())
    on_call.alert(store(), settings())
    budget.forget_old(store())
    keys.forget_old(store())
    receipts.go_on_with_all(store(), ERASING_SECONDS)
    (leftovers or Leftovers()).turn(store())
    (retention or Retention()).turn(store(), settings())
    return waiting


def count(where: Store) -> Waiting:
    """Count what waits, in one view of the database."""
    moment = now()
    with where.read() as session:
        free = session.scalar(select(func.count()).select_from(unread(moment).subquery())) or 0
        leased = session.scalar(select(func.count(Revision.id)).where(Revision.state == "leased")) or 0
        ready = session.scalar(select(func.count(Delivery.id)).where(due(moment))) or 0
        unsent = session.scalar(select(func.count(Delivery.id)).where(Delivery.state == "pending")) or 0
    return Waiting(free, leased, ready, unsent - ready)


def run_forever() -> None:
    """Sweep every `HEED_SWEEP_SECONDS`; one log line whenever the counts change."""
    start_logs()
    stopping.on_signals()
    watch_parent()
    check_keys()
    tracing.start("sweep")
    shown, retention, leftovers = None, Retention(), Leftovers()
    log.info("sweeper ready")
    while not stopping.wait(settings().sweep_seconds):
        try:
            waiting = once(retention, leftovers)
        except SQLAlchemyError as error:
            log.error("sweep: the database does not answer (%(error)s); trying again", {"error": kind(error)})
            continue
        if waiting != shown and (any(astuple(waiting)) or shown is not None):
            log.info(
                "waiting: %(pending)d posts, %(leased)d being read, %(due)d callbacks due, %(later)d to retry",
                asdict(waiting),
            )
            shown = waiting

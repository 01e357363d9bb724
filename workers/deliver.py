"""The job `deliver`: callbacks leave the outbox, signed, until delivered or given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from service import keys
from service.callback import schedule
from service.callback.again import send_anew
from service.callback.exchange import limits
from service.callback.send import Answer, send
from service.discourse.acting import carry_out
from service.discourse.errand import Errand, errand
from service.errors import Conflict, NotFound
from service.settings import Settings, settings
from service.store import Store, store
from service.store.encrypted import DamagedObject
from service.store.models import Delivery, Forum, Post, Verdict, now
from service.tracing import carried, span
from service.verdicts import CARE
from service.wakeup import wake_deliver
from workers import missed
from workers.drain import drain
from workers.lease import is_free, new_owner

log = logging.getLogger(__name__)

SENDERS = 8
"""Callbacks on their way at once."""
SENDERS_PER_FORUM = 3
"""Of these, to one forum: a slow one must not hold up the others."""
GONE = 410
"""The status by which a forum says: send nothing here again."""
OF_ANOTHER = "its post is of another Discourse; `heed forum discourse` names the address that Discourse gives itself"
FRESH_SECONDS = 1.0
"""A callback claimed longer ago is looked at once more before it leaves: this process may have been frozen meanwhile, the post
edited, and the newer verdict told by others."""


@dataclass(frozen=True)
class Parcel:
    """One callback to send now; `attempt` counts from 1, `claimed` is by the monotonic clock, `traceparent` says which trace it
    belongs to.
    """

    id: str
    forum_id: str
    url: str
    secrets: list[str]
    payload: dict[str, Any]
    attempt: int
    claimed: float
    traceparent: str = ""
    errand: Errand | None = None
    """What is to be done instead, where the forum is a Discourse that Heed acts on."""


def run() -> None:
    """The RQ job: send until nothing is due, then look for what webhooks missed: this worker alone reaches the internet."""
    send_all(store(), settings())
    missed.look_where_due(store(), settings())


def send_all(where: Store, chosen: Settings) -> int:
    """Send everything that is due; returns how many deliveries were looked at."""
    return drain(lambda: send_some(where, chosen), wake_deliver)


def send_some(where: Store, chosen: Settings) -> int:
    """Claim a few deliveries, send them outside any transaction, record what came back."""
    owner = new_owner()
    with where.write() as session:
        looked_at, parcels = claim(session, owner, chosen)
    for parcel, answer in _answers(where, owner, parcels, chosen):
        with where.write() as session:
            record(session, owner, parcel, answer)
    return looked_at


def due(moment: datetime) -> ColumnElement[bool]:
    """Deliveries that may be claimed at that moment: of one post never two at a time, or the older might come last."""
    other = aliased(Delivery)
    under_way = exists().where(other.post_id == Delivery.post_id, other.id != Delivery.id, other.lease_until > moment)
    return and_(Delivery.state == "pending", Delivery.due_at <= moment, is_free(Delivery, moment), ~under_way)


def claim(session: Session, owner: str, chosen: Settings) -> tuple[int, list[Parcel]]:
    """Lease due deliveries to `owner`, a few of each forum; returns how many were looked at and which to send.

    What speaks of a verdict that stands no more, or goes to a forum that wants no callbacks, ends here unsent.
    """
    moment = now()
    place = func.row_number().over(partition_by=Delivery.forum_id, order_by=(Delivery.due_at, Delivery.id))
    turn = func.row_number().over(partition_by=Delivery.post_id, order_by=(Delivery.created_at, Delivery.id))
    ranked = select(Delivery.id, place.label("place"), turn.label("turn")).where(due(moment)).subquery()
    first = select(ranked.c.id).where(ranked.c.place <= SENDERS_PER_FORUM, ranked.c.turn == 1)
    query = select(Delivery).where(Delivery.id.in_(first), due(moment)).order_by(Delivery.due_at, Delivery.id)
    rows = session.scalars(query.limit(SENDERS).with_for_update(skip_locked=True)).all()
    until = moment + timedelta(seconds=chosen.lease_seconds + chosen.callback_timeout_seconds)
    return len(rows), [parcel for row in rows if (parcel := _parcel(session, row, owner, until, chosen))]


def _parcel(session: Session, row: Delivery, owner: str, until: datetime, chosen: Settings) -> Parcel | None:
    # Who held it before lost it.
    row.lease_owner, row.lease_until = "", None
    forum = session.get_one(Forum, row.forum_id)
    if row.payload is None or not _stands(session, row):
        row.state = "superseded"
        return None
    if forum.callback_disabled or not forum.callback_url:
        row.state, row.last_error = "given_up", f"callbacks are off: {forum.callback_disabled or 'no address'}"[:300]
        return None
    if isinstance(row.payload, DamagedObject):
        row.state, row.last_error = "given_up", "what it says was damaged in the database"
        damaged = {"callback": row.id, "error": row.last_error}
        log.error("callback %(callback)s given up: %(error)s; restore it, then send it once more", damaged)
        return None
    # The same words may have got a higher number since: a forum must not take the news for that of an older text.
    number = session.get_one(Post, row.post_id).revision
    payload = row.payload | {"data": row.payload["data"] | {"revision": number}}
    todo = errand(session, forum, row, payload["data"], chosen) if forum.discourse_user else None
    if forum.discourse_user and todo is None:
        row.state, row.last_error = "given_up", OF_ANOTHER
        log.error("callback %(callback)s given up: %(error)s", {"callback": row.id, "error": OF_ANOTHER})
        return None
    row.lease_owner, row.lease_until, row.attempts = owner, until, row.attempts + 1
    secrets = [] if todo else keys.holding(session, forum.slug, "callback")[1]
    began = time.monotonic()
    return Parcel(
        row.id, forum.id, forum.callback_url, secrets, payload, row.attempts, began, row.traceparent, errand=todo
    )


def _stands(session: Session, row: Delivery) -> bool:
    """Whether what a callback says still holds: its verdict is the post's newest, of its newest text, and the post is
    still there. Help for an author holds whatever becomes of the post.
    """
    if row.event == CARE:
        return True
    verdict, post = session.get_one(Verdict, row.verdict_id), session.get_one(Post, row.post_id)
    return verdict.current and not post.deleted and verdict.revision.number == post.revision


def _answers(
    where: Store, owner: str, parcels: list[Parcel], chosen: Settings
) -> Iterator[tuple[Parcel, Answer | None]]:
    """What came back of each parcel; None where it was not to be sent any more."""
    if not parcels:
        return
    # The threads that send know nothing of this one's span.
    job = carried()
    within = limits(chosen)

    def send_one(parcel: Parcel) -> Answer | None:
        if time.monotonic() - parcel.claimed > FRESH_SECONDS and not _is_ours(where, owner, parcel):
            return None
        ids = {"heed.callback": parcel.id, "heed.event": parcel.payload["type"], "heed.attempt": parcel.attempt}
        with span("callback", ids, kind="client", parent=parcel.traceparent or job, links=[job]) as note:
            if parcel.errand:
                answer = carry_out(parcel.errand)
            else:
                answer = send(parcel.url, parcel.secrets, parcel.id, parcel.payload, **within)
            note.tell("http.response.status_code", answer.status)
            if not answer.accepted:
                note.fail(str(answer.status or "unreachable"))
        return answer

    with ThreadPoolExecutor(SENDERS, thread_name_prefix="callback") as pool:
        sent = {pool.submit(send_one, parcel): parcel for parcel in parcels}
        for future in as_completed(sent):
            yield sent[future], future.result()


def _is_ours(where: Store, owner: str, parcel: Parcel) -> bool:
    """Whether a callback is still to be sent, and by us."""
    with where.read() as session:
        row = session.get(Delivery, parcel.id)
        return row is not None and row.state == "pending" and row.lease_owner == owner and _stands(session, row)


def record(session: Session, owner: str, parcel: Parcel, answer: Answer | None) -> None:
    """Keep what came back: delivered, to try again, or given up; nothing where it was not sent."""
    row = session.get(Delivery, parcel.id, with_for_update=True)
    if row is None or row.lease_owner != owner:
        return
    row.lease_owner, row.lease_until = "", None
    if row.state != "pending" or answer is None:
        return
    row.last_status, row.last_error = answer.status, answer.error[:300]
    if answer.accepted:
        row.state, row.delivered_at = "delivered", now()
    elif answer.status == GONE:
        _disable(session, parcel)
        row.state = "given_up"
    else:
        _try_again(row, answer)


def _disable(session: Session, parcel: Parcel) -> None:
    forum = session.get_one(Forum, parcel.forum_id, with_for_update=True)
    forum.callback_disabled = f"the forum answered 410 Gone on {now():%Y-%m-%d %H:%M} UTC"
    gone = {"forum": forum.slug}
    log.error("forum %(forum)s answered 410 Gone: its callbacks are off until somebody turns them on again", gone)


def _try_again(row: Delivery, answer: Answer) -> None:
    pause = schedule.pause(row.attempts, answer.retry_after)
    tried = {"callback": row.id, "attempts": row.attempts, "error": row.last_error, "status": row.last_status}
    if pause is None:
        row.state = "given_up"
        log.error("callback %(callback)s given up after %(attempts)d attempts: %(error)s", tried)
        return
    row.due_at = now() + timedelta(seconds=pause)
    log.warning("callback %(callback)s failed (%(error)s); again in %(pause)d s", tried | {"pause": round(pause)})


def replay(session: Session, delivery_id: str) -> Delivery:
    """Send a delivery once more from the start of the schedule, under the same `webhook-id`.

    Raises NotFound, and Conflict where its verdict stands no more or its words are kept no longer.
    """
    row = session.get(Delivery, delivery_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such delivery. Its post may have been erased.")
    if row.payload is None:
        raise Conflict("What this callback said is kept no longer (HEED_KEEP_DELIVERIES_DAYS).")
    if not _stands(session, row):
        raise Conflict("This callback speaks of an older verdict. Send the newest one of the post instead.")
    send_anew(row)
    return row

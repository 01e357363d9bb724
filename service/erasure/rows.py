"""Every row that is about a post, wherever it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from service.store.models import (
    Alert,
    Appeal,
    Bulk,
    BulkItem,
    Care,
    Delivery,
    HeavyReading,
    Opinion,
    OpinionRequest,
    QueueItem,
    Recusal,
    Revision,
    SecondReading,
    ShadowVerdict,
    Skip,
    Verdict,
)

OF_APPEAL = (Recusal,)
OF_ITEM = (SecondReading, OpinionRequest, Opinion, Skip, Alert, HeavyReading, BulkItem)
OF_POST = (Appeal, Care, Delivery, ShadowVerdict, QueueItem, Verdict, Revision)
"""Tables by what they refer to; a row goes before what it refers to, so that each is counted and none falls in a cascade."""


def wipe(session: Session, posts: Sequence[str]) -> Counter[str]:
    """Delete every row about these posts but their own; returns how many of each table went.

    `notes` counts those about several posts that lost their words: they may quote the ones that go.
    """
    appeals = select(Appeal.id).where(Appeal.post_id.in_(posts))
    items = select(QueueItem.id).where(QueueItem.post_id.in_(posts))
    bulks = session.scalars(select(BulkItem.bulk_id).where(BulkItem.item_id.in_(items)).distinct()).all()
    gone = Counter({"notes": _silence(session, bulks)})
    for table in OF_APPEAL:
        gone[table.__tablename__] = _delete(session, table, table.appeal_id.in_(appeals))
    for table in OF_ITEM:
        gone[table.__tablename__] = _delete(session, table, table.item_id.in_(items))
    for table in OF_POST:
        gone[table.__tablename__] = _delete(session, table, table.post_id.in_(posts))
    gone[Bulk.__tablename__] = _delete(session, Bulk, Bulk.id.in_(bulks), ~exists().where(BulkItem.bulk_id == Bulk.id))
    return +gone


def items_of(posts: Sequence[str]) -> Select[tuple[str, str]]:
    """The posts that are in the queue or were, and their items."""
    return select(QueueItem.post_id, QueueItem.id).where(QueueItem.post_id.in_(posts))


def _silence(session: Session, bulks: Sequence[str]) -> int:
    """Take the words out of the notes of decisions on several posts, on each of these posts too."""
    noted = select(Bulk).where(Bulk.id.in_(bulks), Bulk.note != "").order_by(Bulk.id).with_for_update()
    count = 0
    for bulk in session.scalars(noted):
        others = select(QueueItem.post_id).join(BulkItem, BulkItem.item_id == QueueItem.id)
        words = (Verdict.decided_by == bulk.moderator_id, Verdict.note != "")
        query = select(Verdict.id, Verdict.note).where(Verdict.post_id.in_(others.where(BulkItem.bulk_id == bulk.id)))
        # Notes may be encrypted, each anew: which are the same only we can tell.
        same = [row.id for row in session.execute(query.where(*words)) if row.note == bulk.note]
        told = update(Verdict).where(Verdict.id.in_(same)).values(note="")
        session.execute(told.execution_options(synchronize_session=False))
        bulk.note = ""
        count += 1
    session.flush()
    return count


def _delete(session: Session, table: type, *where) -> int:  # noqa: ANN002
    return session.execute(delete(table).where(*where).execution_options(synchronize_session=False)).rowcount

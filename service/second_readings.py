"""Second readings: a share of the decisions is read again by somebody who does not know them. It shows how far people agree
in what they do with a post, and changes nothing on the forum.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from service import audit
from service.errors import Conflict
from service.people.roles import people_who_may
from service.settings import settings
from service.store.models import Moderator, Opinion, OpinionRequest, QueueItem, SecondReading, Skip, Verdict, now

LAPSES = timedelta(days=14)
"""What nobody has read by then is not read any more, nor kept from anybody."""


def draw(session: Session, item: QueueItem, verdict: Verdict) -> None:
    """Put a new decision on an item by for a second reading, where the lot falls on it."""
    if is_drawn(verdict.id, settings().double_review_share):
        reading = SecondReading(verdict_id=verdict.id, item_id=item.id, version=item.version, labels=item.labels)
        session.add(reading)


def is_drawn(verdict_id: str, share: float) -> bool:
    """Whether the lot falls on a decision: by the hash of its id, which nobody can know before it is made."""
    lot = int.from_bytes(hashlib.sha256(verdict_id.encode()).digest()[:8])
    return lot < share * 2**64


@lru_cache(maxsize=1024)
def waiting(reader: str) -> Select[tuple[SecondReading]]:
    """Readings that wait, where `reader` may be the one: they may decide there, and had no part in what was decided."""
    # Of the version right after the decision the item is decided: whatever happens to it next raises the version.
    item = aliased(QueueItem)
    mine = (
        exists().where(Verdict.post_id == item.post_id, Verdict.decided_by == reader),
        exists().where(Opinion.item_id == item.id, Opinion.moderator_id == reader),
        exists().where(OpinionRequest.item_id == item.id, OpinionRequest.asked_by == reader),
        exists().where(Skip.item_id == item.id, Skip.moderator_id == reader),
    )
    return (
        select(SecondReading)
        .join(item, (item.id == SecondReading.item_id) & (item.version == SecondReading.version))
        .where(
            *_unread(),
            ~SecondReading.left_by.contains(f" {reader} ", autoescape=True),
            literal(reader).in_(people_who_may("moderator", item.forum_id)),
            *(~part for part in mine),
        )
    )


def kept_from(reader: str) -> Select[tuple[str]]:
    """Ids of the items whose decision `reader` must not see yet."""
    return waiting(reader).with_only_columns(SecondReading.item_id)


@lru_cache(maxsize=1024)
def offered(reader: str) -> Select[tuple[str]]:
    """Ids of the items that `reader` may read a second time now: nobody else does."""
    return kept_from(reader).where(_free(reader))


def count(session: Session, reader: str) -> int:
    """How many posts `reader` may read a second time now."""
    return session.scalar(offered(reader).with_only_columns(func.count())) or 0


def of_item(session: Session, item_id: str, reader: str) -> SecondReading | None:
    """The reading of the item that waits for `reader`, or for others as well."""
    return session.scalar(waiting(reader).where(SecondReading.item_id == item_id))


def is_taken(reading: SecondReading, reader: str) -> bool:
    """Whether somebody other than `reader` reads it at the moment."""
    lasts = reading.claimed_until is not None and reading.claimed_until > now()
    return lasts and reading.claimed_by != reader


def take(session: Session, item_id: str, reader: str) -> None:
    """Whoever opens the post has its second reading for a while, and no other."""
    others = (*_unread(), SecondReading.claimed_by == reader, SecondReading.item_id != item_id)
    session.execute(update(SecondReading).where(*others).values(claimed_by=None, claimed_until=None))
    reading = _locked(session, item_id, reader)
    if reading is not None and not is_taken(reading, reader):
        reading.claimed_by = reader
        reading.claimed_until = now() + timedelta(seconds=settings().claim_seconds)


def answer(session: Session, item_id: str, version: int, by: Moderator, opinion: Opinion) -> SecondReading:
    """Say what one would have done. Raises Conflict where the post no longer waits for a second reading by them."""
    reading = _locked(session, item_id, by.id)
    if reading is None or reading.version != version:
        raise Conflict(
            "This post waits no longer for you to read it a second time: somebody else has, or it was decided anew, "
            "edited or deleted meanwhile."
        )
    opinion.item_id, opinion.version, opinion.moderator_id = item_id, version, by.id
    session.add(opinion)
    session.flush()
    reading.opinion_id = opinion.id
    reading.claimed_by = reading.claimed_until = None
    post_id = session.get_one(QueueItem, item_id).post_id
    audit.write(
        session, "read_again", moderator_id=by.id, post_id=post_id, verdict=reading.verdict_id, opinion=opinion.id
    )
    return reading


def leave(session: Session, item_id: str, by: Moderator) -> None:
    """Leave the reading to others; from now on its decision is not kept from `by`."""
    reading = _locked(session, item_id, by.id)
    if reading is None:
        return
    reading.left_by = f"{reading.left_by or ' '}{by.id} "
    if reading.claimed_by == by.id:
        reading.claimed_by = reading.claimed_until = None
    post_id = session.get_one(QueueItem, item_id).post_id
    audit.write(session, "left_second_reading", moderator_id=by.id, post_id=post_id, verdict=reading.verdict_id)


def _locked(session: Session, item_id: str, reader: str) -> SecondReading | None:
    wanted = waiting(reader).where(SecondReading.item_id == item_id)
    return session.scalar(wanted.with_for_update(of=SecondReading).execution_options(populate_existing=True))


# Statements are kept, since building one takes longer than asking it: the time is told when it is asked.
def _unread() -> tuple[ColumnElement[bool], ...]:
    lapsed = bindparam("lapsed", callable_=lambda: now() - LAPSES, unique=True)
    return SecondReading.opinion_id.is_(None), SecondReading.created_at > lapsed


def _free(reader: str) -> ColumnElement[bool]:
    over = SecondReading.claimed_until <= bindparam("moment", callable_=now, unique=True)
    return or_(SecondReading.claimed_by.is_(None), SecondReading.claimed_by == reader, over)

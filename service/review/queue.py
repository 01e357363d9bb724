"""The queue: what waits for a person, most urgent first, in pages that hold while the queue moves."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Tuple, func, literal, select, tuple_
from sqlalchemy.orm import Session

from service.review import claims, words
from service.review.clock import Clock
from service.review.excerpt import Excerpt, excerpt, labels_in
from service.review.filters import Filters, free_for, turn_of, waiting
from service.review.item import UNREADABLE
from service.review.talk import Mark, load_marks
from service.store.models import Forum, QueueItem, Revision, Verdict, now
from service.urgency import CRISIS_LANE

log = logging.getLogger(__name__)

PAGE = 25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    id: str
    forum: str
    board: str
    since: datetime
    severity: words.Severity
    state: words.State
    clock: Clock | None = None
    holder: str = ""
    """Which colleague reads it at the moment, or was handed it."""
    mark: Mark | None = None
    """What colleagues say of it to each other."""
    labels: list[str] = field(default_factory=list)
    excerpt: Excerpt = field(default_factory=Excerpt)
    broken: bool = False


def load_rows(session: Session, filters: Filters, reader: str, after: str = "") -> tuple[list[Row], str]:
    """One page of open items as the moderator `reader` sees them, and the cursor of the next page, empty on the last.

    Of what is theirs, that where it is their turn to say something comes before all else.
    """
    moment, first = now(), []
    query = select(QueueItem).where(*waiting(filters, reader, moment)).order_by(*ORDER)
    place = _parse(after)
    if filters.who == "me":
        turn = QueueItem.id.in_(turn_of(reader))
        first = [] if place else list(session.scalars(query.where(turn)))
        query = query.where(~turn)
    if place:
        query = query.where(PLACE > _at(place))
    items = list(session.scalars(query.limit(PAGE + 1)))
    shown = items[:PAGE]
    return rows_of(session, first + shown, reader, moment), cursor(shown[-1]) if len(items) > PAGE else ""


def rows_of(session: Session, items: list[QueueItem], reader: str, moment: datetime) -> list[Row]:
    """The items as lines, in their order."""
    sources, marks = _sources(session, items), load_marks(session, items, reader)
    held = claims.holders(session, items, reader, moment)
    rows = [_row(item, *sources[item.id], held.get(item.id, ""), moment) for item in items]
    return [replace(row, mark=marks.get(row.id)) for row in rows]


def next_item(session: Session, filters: Filters, reader: str, item: QueueItem) -> str:
    """Id of the item behind this one that `reader` may go on to, else the first of the queue, else empty."""
    moment = now()
    wanted = (*waiting(filters, reader, moment), free_for(reader, moment), QueueItem.id != item.id)
    ids = select(QueueItem.id).where(*wanted).order_by(*ORDER).limit(1)
    return session.scalar(ids.where(PLACE > _at(_place(item)))) or session.scalar(ids) or ""


def previous_item(session: Session, filters: Filters, reader: str, item: QueueItem) -> str:
    """Id of the item before this one that `reader` may go back to, or empty."""
    moment = now()
    wanted = (*waiting(filters, reader, moment), free_for(reader, moment), PLACE < _at(_place(item)))
    backwards = (column.desc() for column in ORDER)
    return session.scalar(select(QueueItem.id).where(*wanted).order_by(*backwards).limit(1)) or ""


def overdue_crises(session: Session) -> tuple[int, str]:
    """How many posts where a life may be at stake have waited past their time, and the item that has waited longest."""
    late = (QueueItem.state == "open", QueueItem.lane == CRISIS_LANE, QueueItem.due_at < now())
    first = session.scalar(select(QueueItem.id).where(*late).order_by(*ORDER).limit(1))
    return (session.scalar(select(func.count()).where(*late)) or 0, first) if first else (0, "")


ORDER = (QueueItem.lane, QueueItem.due_at, QueueItem.id)
PLACE = tuple_(*ORDER)


def _at(place: tuple[int, datetime, str]) -> Tuple:
    return tuple_(*(literal(value, column.type) for value, column in zip(place, ORDER, strict=True)))


def _place(item: QueueItem) -> tuple[int, datetime, str]:
    return item.lane, item.due_at, item.id


def cursor(item: QueueItem) -> str:
    """The item's place in the order of the queue, for a URL: it holds even when the item leaves."""
    return f"{item.lane}.{(item.due_at - EPOCH) // timedelta(microseconds=1)}.{item.id}"


def _parse(after: str) -> tuple[int, datetime, str] | None:
    lane, _, rest = after.partition(".")
    micros, _, item_id = rest.partition(".")
    try:
        place = int(lane), EPOCH + timedelta(microseconds=int(micros)), item_id[:40]
    except (ValueError, OverflowError):
        return None
    return place if abs(place[0]) < 1_000_000 and item_id.isascii() and item_id.isprintable() else None


def _sources(session: Session, items: list[QueueItem]) -> dict[str, tuple[Verdict, Revision, Forum]]:
    """The models' verdict, the text and the forum of each item, by its id."""
    query = (
        select(QueueItem.id, Verdict, Revision, Forum)
        .join(Verdict, Verdict.id == QueueItem.verdict_id)
        .join(Revision, Revision.id == Verdict.revision_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .where(QueueItem.id.in_([item.id for item in items]))
    )
    return {item: (verdict, revision, forum) for item, verdict, revision, forum in session.execute(query)}


def _row(item: QueueItem, verdict: Verdict, revision: Revision, forum: Forum, holder: str, moment: datetime) -> Row:
    plain = Row(
        item.id,
        forum.name,
        revision.board,
        item.created_at,
        words.severity(verdict.severity),
        words.state(verdict.action),
        clock=Clock.of(item, moment),
        holder=holder,
        broken=True,
    )
    try:
        return _filled(plain, verdict.document, revision)
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item.id, type(error).__name__)
        return plain


def _filled(row: Row, document: dict[str, Any], revision: Revision) -> Row:
    return replace(row, labels=labels_in(document), excerpt=excerpt(document, revision), broken=False)

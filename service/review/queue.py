"""The queue: what waits for a person, most urgent first, in pages that hold while the queue moves."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Tuple, func, literal, select, tuple_, union
from sqlalchemy.orm import Session

from service import recusals
from service.people.budget import Today, led_past
from service.review import claims, words
from service.review.appeals import OpenAppeal, load_appeals
from service.review.clock import Clock
from service.review.excerpt import Excerpt, excerpt, labels_in
from service.review.filters import Filters, free_for, turn_of, waiting
from service.review.item import UNREADABLE
from service.review.talk import Mark, load_marks
from service.store.models import Forum, QueueItem, Revision, Verdict, now
from service.urgency import CRISIS_LANE, alone

log = logging.getLogger(__name__)

PAGE = 25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Source = tuple[Verdict, Revision, Forum]
"""What an item speaks of: the models' verdict, the text, the forum."""


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    id: str
    version: int
    forum_id: str
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
    appeal: OpenAppeal | None = None
    alone: bool = True
    """Whether it is decided by itself, never together with others."""
    enough: bool = False
    """Whether its reader had enough of such posts today."""


def load_rows(session: Session, filters: Filters, reader: str, after: str = "") -> tuple[list[Row], str]:
    """One page of open items as the moderator `reader` sees them, and the cursor of the next page, empty on the last.

    Of what is theirs, that where it is their turn to say something comes before all else.
    """
    moment, first = now(), []
    query = select(QueueItem).where(*waiting(filters, reader, moment)).order_by(*ORDER)
    place = _parse(after)
    if filters.who == "me":
        turn = QueueItem.id.in_(union(*turn_of(reader)))
        first = [] if place else list(session.scalars(query.where(turn)))
        query = query.where(~turn)
    if place:
        query = query.where(PLACE > _at(place))
    items = list(session.scalars(query.limit(PAGE + 1)))
    shown = items[:PAGE]
    everything = first + shown
    rows = rows_of(session, everything, load_sources(session, everything), reader, moment)
    today = Today.of(session, reader, moment)
    rows = [replace(row, enough=bool(today.stops(item))) for row, item in zip(rows, everything, strict=True)]
    return rows, cursor(shown[-1]) if len(items) > PAGE else ""


def rows_of(
    session: Session, items: list[QueueItem], sources: dict[str, Source], reader: str, moment: datetime
) -> list[Row]:
    """These items as lines, as the moderator `reader` sees them."""
    held = claims.holders(session, items, reader, moment)
    rows = [_row(item, *sources[item.id], held.get(item.id, ""), moment) for item in items]
    marks = load_marks(session, items, reader)
    rows = [replace(row, mark=marks.get(row.id)) for row in rows]
    return _with_appeals(rows, load_appeals(session, items))


def next_item(session: Session, filters: Filters, reader: str, item: QueueItem) -> str:
    """Id of the item behind this one that `reader` may go on to, else the first of the queue, else empty."""
    moment = now()
    wanted = (*_to_go_on_to(session, filters, reader, moment), QueueItem.id != item.id)
    ids = select(QueueItem.id).where(*wanted).order_by(*ORDER).limit(1)
    return session.scalar(ids.where(PLACE > _at(_place(item)))) or session.scalar(ids) or ""


def previous_item(session: Session, filters: Filters, reader: str, item: QueueItem) -> str:
    """Id of the item before this one that `reader` may go back to, or empty."""
    moment = now()
    wanted = (*_to_go_on_to(session, filters, reader, moment), PLACE < _at(_place(item)))
    backwards = (column.desc() for column in ORDER)
    return session.scalar(select(QueueItem.id).where(*wanted).order_by(*backwards).limit(1)) or ""


def _to_go_on_to(session: Session, filters: Filters, reader: str, moment: datetime) -> list[ColumnElement[bool]]:
    return [*waiting(filters, reader, moment), free_for(reader, moment), *led_past(session, reader, moment)]


def overdue_crises(session: Session, reader: str) -> tuple[int, str]:
    """How many posts where a life may be at stake have waited past their time, and the item that has waited longest.

    What `reader` may not decide is left to the others.
    """
    late = (QueueItem.state == "open", QueueItem.lane == CRISIS_LANE, QueueItem.due_at < now())
    late = (*late, QueueItem.id.not_in(recusals.closed_to(reader)))
    found = session.execute(select(func.count().over(), QueueItem.id).where(*late).order_by(*ORDER).limit(1)).first()
    return (found[0], found[1]) if found else (0, "")


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


def load_sources(session: Session, items: list[QueueItem]) -> dict[str, Source]:
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
        item.version,
        forum.id,
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


def _with_appeals(rows: list[Row], appeals: dict[str, OpenAppeal]) -> list[Row]:
    """Where an author appeals, the post stands as it was decided, not as the models left it."""
    return [
        replace(row, appeal=appeal, state=words.state(appeal.standing), alone=True)
        if (appeal := appeals.get(row.id))
        else row
        for row in rows
    ]


def _filled(row: Row, document: dict[str, Any], revision: Revision) -> Row:
    read = {"labels": labels_in(document), "excerpt": excerpt(document, revision), "alone": alone(document)}
    return replace(row, **read, broken=False)

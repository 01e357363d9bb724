"""The queue: what waits for a person, most urgent first, in pages that hold while the queue moves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from service.review import words
from service.review.highlight import Mark, Segment, segments
from service.review.item import UNREADABLE, marks_of
from service.store.models import Forum, Post, QueueItem, Revision, Verdict

log = logging.getLogger(__name__)

PAGE = 25
EXCERPT = 220
"""Most code points of an excerpt."""
BEFORE = 50
"""Code points shown before the evidence, so that it is read in its context."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filters:
    """What a moderator narrowed the queue to; empty means all."""

    area: str = ""
    board: str = ""
    forum: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        area = query.get("area", "")
        return cls(area if area in words.AREAS else "", query.get("board", "")[:200], query.get("forum", "")[:64])

    def query(self, **changed: str) -> dict[str, str]:
        """As parameters of a URL; `changed` names those that differ."""
        now = replace(self, **changed)
        return {name: value for name, value in vars(now).items() if value}

    @property
    def any(self) -> bool:
        return bool(self.query())


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    id: str
    forum: str
    board: str
    since: datetime
    severity: words.Severity
    state: words.State
    labels: list[str] = field(default_factory=list)
    excerpt: list[Segment] = field(default_factory=list)
    cut_before: bool = False
    cut_after: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Choice:
    """One value of a filter, and how many open items it would leave."""

    value: str
    words: str
    count: int


@dataclass(frozen=True)
class Counts:
    """The choices of each filter, given the other filters."""

    total: int
    areas: list[Choice]
    boards: list[Choice]
    forums: list[Choice]


def load_rows(session: Session, filters: Filters, after: str = "") -> tuple[list[Row], str]:
    """One page of open items and the cursor of the next page, empty on the last."""
    query = _open(filters).order_by(*ORDER).limit(PAGE + 1)
    place = _parse(after)
    if place:
        query = query.where(_behind(*place))
    found = session.execute(query).all()
    rows = [_row(item, verdict, revision, forum) for item, verdict, revision, forum in found[:PAGE]]
    return rows, cursor(found[PAGE - 1][0]) if len(found) > PAGE else ""


def load_counts(session: Session, filters: Filters) -> Counts:
    """How much waits, by area, board and forum; every count is of what a click on it would show."""
    marked = [func.sum(case((_has_area(area), 1), else_=0)) for area in words.AREAS]
    query = (
        _joined(select(Forum.slug, Forum.name, Revision.board, func.count(), *marked))
        .where(QueueItem.state == "open", Post.deleted.is_(False))
        .group_by(Forum.slug, Forum.name, Revision.board)
    )
    groups = [tuple(row) for row in session.execute(query)]
    return _count(groups, filters)


def next_item(session: Session, filters: Filters, item: QueueItem) -> str:
    """Id of the open item behind this one, else the first of the queue, else empty."""
    ids = _open(filters, QueueItem.id).where(QueueItem.id != item.id).order_by(*ORDER).limit(1)
    behind = ids.where(_behind(item.urgency, item.created_at, item.id))
    return session.scalar(behind) or session.scalar(ids) or ""


def previous_item(session: Session, filters: Filters, item: QueueItem) -> str:
    """Id of the open item before this one, or empty."""
    ids = _open(filters, QueueItem.id).where(_before(item.urgency, item.created_at, item.id))
    backwards = (QueueItem.urgency, QueueItem.created_at.desc(), QueueItem.id.desc())
    return session.scalar(ids.order_by(*backwards).limit(1)) or ""


ORDER = (QueueItem.urgency.desc(), QueueItem.created_at, QueueItem.id)


def cursor(item: QueueItem) -> str:
    """The item's place in the order of the queue, for a URL: it holds even when the item leaves."""
    return f"{item.urgency}.{(item.created_at - EPOCH) // timedelta(microseconds=1)}.{item.id}"


def _parse(after: str) -> tuple[int, datetime, str] | None:
    urgency, _, rest = after.partition(".")
    micros, _, item_id = rest.partition(".")
    try:
        place = int(urgency), EPOCH + timedelta(microseconds=int(micros)), item_id[:40]
    except (ValueError, OverflowError):
        return None
    return place if abs(place[0]) < 1_000_000 and item_id.isascii() and item_id.isprintable() else None


def _behind(urgency: int, created_at: datetime, item_id: str) -> ColumnElement[bool]:
    later = or_(QueueItem.created_at > created_at, and_(QueueItem.created_at == created_at, QueueItem.id > item_id))
    return or_(QueueItem.urgency < urgency, and_(QueueItem.urgency == urgency, later))


def _before(urgency: int, created_at: datetime, item_id: str) -> ColumnElement[bool]:
    earlier = or_(QueueItem.created_at < created_at, and_(QueueItem.created_at == created_at, QueueItem.id < item_id))
    return or_(QueueItem.urgency > urgency, and_(QueueItem.urgency == urgency, earlier))


def _joined(query: Select) -> Select:
    return (
        query.select_from(QueueItem)
        .join(Verdict, Verdict.id == QueueItem.verdict_id)
        .join(Revision, Revision.id == Verdict.revision_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .join(Post, Post.id == QueueItem.post_id)
    )


def _open(filters: Filters, *columns: Any) -> Select:
    query = _joined(select(*(columns or (QueueItem, Verdict, Revision, Forum))))
    query = query.where(QueueItem.state == "open", Post.deleted.is_(False))
    if filters.area:
        query = query.where(_has_area(filters.area))
    if filters.board:
        query = query.where(Revision.board == filters.board)
    return query.where(Forum.slug == filters.forum) if filters.forum else query


def _has_area(area: str) -> ColumnElement[bool]:
    if area == "not_checked":
        return Verdict.document["not_checked"].as_string().is_not(None)
    # The reasons as JSON text: no label, and nothing else in quotes there, is called like an area.
    return Verdict.document["reasons"].as_string().like(f'%"{area.replace("_", "!_")}"%', escape="!")


def _count(groups: list[tuple], filters: Filters) -> Counts:
    areas = list(words.AREAS)
    chosen = areas.index(filters.area) if filters.area else None

    def of(group: tuple) -> int:
        return group[3] if chosen is None else int(group[4 + chosen])

    here = [g for g in groups if filters.board in ("", g[2]) and filters.forum in ("", g[0])]
    boards: dict[str, int] = {}
    forums: dict[str, tuple[str, int]] = {}
    for group in groups:
        if filters.forum in ("", group[0]) and group[2]:
            boards[group[2]] = boards.get(group[2], 0) + of(group)
        if filters.board in ("", group[2]):
            forums[group[0]] = (group[1], forums.get(group[0], ("", 0))[1] + of(group))
    by_area = [Choice(a, words.AREAS[a], sum(int(g[4 + i]) for g in here)) for i, a in enumerate(areas)]
    return Counts(
        total=sum(group[3] for group in here),
        areas=[choice for choice in by_area if choice.count or choice.value == filters.area],
        boards=[Choice(name, name, count) for name, count in sorted(boards.items())],
        forums=[Choice(slug, name, count) for slug, (name, count) in sorted(forums.items())],
    )


def _row(item: QueueItem, verdict: Verdict, revision: Revision, forum: Forum) -> Row:
    plain = Row(
        item.id,
        forum.name,
        revision.board,
        item.created_at,
        words.severity(verdict.severity),
        words.state(verdict.action),
        broken=True,
    )
    try:
        return _filled(plain, verdict.document, revision)
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item.id, type(error).__name__)
        return plain


def _filled(row: Row, document: dict[str, Any], revision: Revision) -> Row:
    marks = marks_of(document["reasons"])
    worst = next((mark for mark in marks if not mark.private), None)
    kept = [mark for mark in marks if mark.private or mark is worst]
    low, high = _window(revision.body, worst or next(iter(marks), None))
    return replace(
        row,
        labels=_labels(document),
        excerpt=segments(revision.body, revision.format, kept, window=(low, high)),
        cut_before=low > 0,
        cut_after=high < len(revision.body),
        broken=False,
    )


def labels_of(item: QueueItem, document: dict[str, Any]) -> list[str]:
    """What the item is about in plain words; nothing where its verdict can't be read."""
    try:
        return _labels(document)
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item.id, type(error).__name__)
        return []


def _labels(document: dict[str, Any]) -> list[str]:
    """What the row is about: claims only where nothing weighs more."""
    named = [(reason["area"], words.label(reason["area"], reason["label"])) for reason in document["reasons"]]
    graver = [said for area, said in named if area != "claim"]
    unread = document["not_checked"]
    first = [words.NOT_CHECKED.get(unread, words.NOT_CHECKED["failed"])[0]] if unread else []
    return list(dict.fromkeys(first + (graver or [said for _, said in named])))


def _window(body: str, mark: Mark | None) -> tuple[int, int]:
    low = max(0, min(mark.start, len(body)) - BEFORE) if mark else 0
    high = min(len(body), low + EXCERPT)
    # Not in the middle of a word, where there is a space near enough.
    if low:
        low = max(low, body.find(" ", low, low + BEFORE) + 1)
    if high < len(body):
        space = body.rfind(" ", high - BEFORE, high)
        high = space if space > 0 else high
    return low, high

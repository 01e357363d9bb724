"""What a moderator narrowed the queue to, and the conditions that says in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union
from sqlalchemy.orm import aliased

from classifiers.labels import Severity
from service import recusals
from service.people.roles import people_who_may
from service.review import words
from service.store.models import Forum, Moderator, Opinion, OpinionRequest, QueueItem, Skip

LONGEST = 200
"""Code points of a board's name, the longest value of all."""


@dataclass(frozen=True)
class Filters:
    """Each empty for all: `label` is an area or `area.label`, `age` and `who` are keys of `words.AGES` and `words.WHOSE`."""

    label: str = ""
    severity: str = ""
    board: str = ""
    forum: str = ""
    age: str = ""
    who: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """From parameters of a URL; a value that nothing knows counts as empty."""
        known = {
            "label": _is_label,
            "severity": _is_severity,
            "age": words.AGES.__contains__,
            "who": words.WHOSE.__contains__,
        }
        given = {field.name: query.get(field.name, "")[:LONGEST] for field in fields(cls)}
        return cls(**{name: value for name, value in given.items() if known.get(name, bool)(value)})

    def query(self, **changed: str) -> dict[str, str]:
        """As parameters of a URL; `changed` names those that differ."""
        return {name: value for name, value in vars(replace(self, **changed)).items() if value}

    @property
    def area(self) -> str:
        return self.label.partition(".")[0]

    @property
    def topic(self) -> str:
        """What an item's `labels` hold where the label fits: ` medical.` or ` medical.dosing `."""
        return f" {self.label}{' ' if '.' in self.label else '.'}"

    @property
    def any(self) -> bool:
        return bool(self.query())


def _is_label(value: str) -> bool:
    area, _, name = value.partition(".")
    return area in words.AREAS and (
        not name or (area, name) in words.LABELS or (area == "not_checked" and name in words.NOT_CHECKED)
    )


def _is_severity(value: str) -> bool:
    return value in Severity.__members__.values()


def waiting(filters: Filters, reader: str, moment: datetime) -> list[ColumnElement[bool]]:
    """The conditions on open items under the filters, as the moderator `reader` sees the queue."""
    wanted = [QueueItem.state == "open", *offered(filters, reader), *narrowed(filters)]
    if filters.age:
        wanted.append(of_age(filters.age, moment))
    if filters.who in ("me", "nobody"):
        wanted.append(of_whom(filters.who, reader, moment))
    return wanted


def offered(filters: Filters, reader: str) -> list[ColumnElement[bool]]:
    """What somebody skipped is offered to them only where they ask for it; an appeal of their own decision never."""
    mine = skipped_by(reader)
    return [
        QueueItem.id.in_(mine) if filters.who == "skipped" else QueueItem.id.not_in(mine),
        QueueItem.id.not_in(recusals.closed_to(reader)),
    ]


def skipped_by(reader: str | ColumnElement[str]) -> Select[tuple[str]]:
    """Ids of the items that `reader` left to the others."""
    return select(Skip.item_id).where(Skip.moderator_id == reader)


def narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions of what an item is about and where it comes from."""
    wanted = []
    if filters.label:
        wanted.append(QueueItem.labels.contains(filters.topic, autoescape=True))
    if filters.severity:
        wanted.append(QueueItem.severity == filters.severity)
    if filters.board:
        wanted.append(QueueItem.board == filters.board)
    if filters.forum:
        wanted.append(QueueItem.forum_id == select(Forum.id).where(Forum.slug == filters.forum).scalar_subquery())
    return wanted


def of_age(age: str, moment: datetime) -> ColumnElement[bool]:
    """Whether an item's clock has run out, or it waits for longer than a day or a week."""
    since, longer = CLOCKS[age]
    return since < moment - longer


CLOCKS = {
    "overdue": (QueueItem.due_at, timedelta()),
    "day": (QueueItem.created_at, timedelta(days=1)),
    "week": (QueueItem.created_at, timedelta(days=7)),
}
"""By age: since when it counts, and how much longer ago that has to be."""


def of_whom(
    who: str, reader: str | ColumnElement[str], moment: datetime | ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether an item is `reader`'s ("me"), by hand-over, because they read it or are asked about it, or nobody's."""
    if who == "me":
        # As a set of ids, each found by an index: a plain OR would read everything that is open.
        item = aliased(QueueItem)
        given = select(item.id).where(item.assigned_to == reader, item.state == "open")
        read = select(item.id).where(item.claimed_by == reader, item.claimed_until > moment)
        return QueueItem.id.in_(union(given, read, *turn_of(reader)))
    return and_(
        QueueItem.assigned_to.is_(None), or_(QueueItem.claimed_until.is_(None), QueueItem.claimed_until <= moment)
    )


def free_for(reader: str, moment: datetime) -> ColumnElement[bool]:
    """Whether `reader` may go on to an item: nobody else reads it, it was not handed to another, and it does not wait for
    what a colleague says of it, because `reader` asked or has said what they would do themselves.
    """
    unread = or_(QueueItem.claimed_by.is_(None), QueueItem.claimed_by == reader, QueueItem.claimed_until <= moment)
    asked = exists().where(_of_present(OpinionRequest, QueueItem), OpinionRequest.asked_by == reader, WAITS)
    said = exists().where(_of_present(Opinion, QueueItem), Opinion.moderator_id == reader)
    return and_(unread, or_(QueueItem.assigned_to.is_(None), QueueItem.assigned_to == reader), ~asked, ~said)


WAITS = OpinionRequest.opinion_id.is_(None)


def turn_of(reader: str | ColumnElement[str]) -> tuple[Select[tuple[str]], Select[tuple[str]]]:
    """Ids of the open items where a colleague asks for `reader`'s opinion, and of those where one gave what they asked for."""
    # A join would let SQLite, which knows nothing of a table that was empty, begin with everything that is open.
    item = aliased(QueueItem)
    stands = exists().where(_of_present(OpinionRequest, item), item.state == "open")
    asked = select(OpinionRequest.item_id).where(
        WAITS,
        OpinionRequest.asked_by != reader,
        or_(OpinionRequest.asked_of == reader, OpinionRequest.asked_of.is_(None)),
        stands.where(people_who_may("moderator", item.forum_id).where(Moderator.id == reader).exists()),
    )
    return asked, select(OpinionRequest.item_id).where(~WAITS, OpinionRequest.asked_by == reader, stands)


def _of_present(table: type[OpinionRequest] | type[Opinion], item: type[QueueItem]) -> ColumnElement[bool]:
    """Whether a row of the table speaks of the item as it stands now."""
    return and_(table.item_id == item.id, table.version == item.version)

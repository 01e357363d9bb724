"""How much waits, by everything the queue can be narrowed by: every count is of what a click on it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import Session

from classifiers.labels import Severity
from service.review import words
from service.review.filters import Filters, of_age, of_whom, offered, turn_of
from service.store.models import Forum, QueueItem


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
    labels: list[Choice]
    severities: list[Choice]
    boards: list[Choice]
    forums: list[Choice]
    ages: list[Choice]
    whose: list[Choice]

    def labels_of(self, area: str) -> list[Choice]:
        """The labels of an area, or all of them."""
        return [choice for choice in self.labels if not area or choice.value.startswith(f"{area}.")]


@dataclass(frozen=True)
class _Group:
    """Open items that are alike. `counts`: those under the filters of age and person, then by each age, by each person."""

    forum: str
    board: str
    severity: str
    labels: str
    counts: tuple[int, ...]

    def fits(self, filters: Filters, but: str = "") -> bool:
        """Whether the group passes every filter except the one called `but`."""
        return (
            (but == "label" or not filters.label or filters.topic in self.labels)
            and (but == "severity" or filters.severity in ("", self.severity))
            and (but == "board" or filters.board in ("", self.board))
            and (but == "forum" or filters.forum in ("", self.forum))
        )


AGES, WHOSE = list(words.AGES), ["me", "nobody"]


def load_counts(session: Session, filters: Filters, reader: str, moment: datetime) -> Counts:
    """The counts as the moderator `reader` sees the queue."""
    names = {row.id: (row.slug, row.name) for row in session.execute(select(Forum.id, Forum.slug, Forum.name))}
    groups = [
        _Group(names[forum][0], board, severity, labels, tuple(map(int, counts)))
        for forum, board, severity, labels, *counts in session.execute(_grouped(session, filters, reader, moment))
    ]
    forums = dict(names.values())
    total = _sum(groups, filters)

    def by(name: str, of: Callable[[_Group], set[str]]) -> Counter[str]:
        found: Counter[str] = Counter()
        for group in groups:
            if group.fits(filters, name):
                for value in of(group):
                    found[value] += group.counts[0]
        return +found

    labels = by("label", lambda g: {each for label in g.labels.split() for each in (label, label.partition(".")[0])})
    severities = by("severity", lambda g: {g.severity})
    boards = by("board", lambda g: {g.board} - {""})
    found = by("forum", lambda g: {g.forum})
    ages = {age: _sum(groups, filters, 1 + place) for place, age in enumerate(AGES)}
    whose = {who: _sum(groups, filters, 1 + len(AGES) + place) for place, who in enumerate(WHOSE)}
    return Counts(
        total=total,
        areas=_choices(labels, words.AREAS, filters.area),
        labels=_choices(labels, words.LABEL_CHOICES, filters.label),
        severities=_choices(severities, {str(s): words.severity(s).word for s in reversed(Severity)}, filters.severity),
        boards=_choices(boards, {board: board for board in sorted(boards)}, filters.board),
        forums=_choices(found, {slug: forums[slug] for slug in sorted(found)}, filters.forum),
        ages=_choices(ages, words.AGES, filters.age),
        whose=_choices(whose | {"skipped": _skipped(session, reader)}, words.WHOSE, filters.who),
    )


def _grouped(session: Session, filters: Filters, reader: str, moment: datetime):  # noqa: ANN202
    """One row for each forum, board, severity and set of labels, in the order of the index: nothing is sorted."""
    # Looked up first: a few ids are quicker compared with every row than a query is.
    turn = session.scalars(turn_of(reader)).all()
    age = of_age(filters.age, moment) if filters.age else true()
    whom = of_whom(filters.who, reader, moment, turn) if filters.who in WHOSE else true()
    counted = [
        and_(age, whom),
        *(and_(whom, of_age(each, moment)) for each in AGES),
        *(and_(age, of_whom(each, reader, moment, turn)) for each in WHOSE),
    ]
    alike = (QueueItem.forum_id, QueueItem.board, QueueItem.severity, QueueItem.labels)
    query = select(*alike, *(func.sum(_one(each)) for each in counted)).group_by(*alike)
    return query.where(QueueItem.state == "open", *offered(filters, reader, session))


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _sum(groups: list[_Group], filters: Filters, place: int = 0) -> int:
    return sum(group.counts[place] for group in groups if group.fits(filters))


def _skipped(session: Session, reader: str) -> int:
    mine = offered(Filters(who="skipped"), reader)
    return session.scalar(select(func.count()).select_from(QueueItem).where(QueueItem.state == "open", *mine)) or 0


def _choices(counts: dict[str, int], said: dict[str, str], chosen: str) -> list[Choice]:
    """Those that lead somewhere, in the order of `said`, and the one that is chosen."""
    if chosen and chosen not in said:
        said = {**said, chosen: chosen}
    return [Choice(v, said[v], counts.get(v, 0)) for v in said if counts.get(v, 0) or v == chosen]

"""How much waits, by everything the queue can be narrowed by: every count is of what a click on it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select, union
from sqlalchemy.orm import Session

from classifiers.labels import Severity
from service.recusals import closed_to
from service.review import words
from service.review.filters import CLOCKS, Filters, of_whom, skipped_by, turn_of
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


class _Group(NamedTuple):
    """Open items that are alike."""

    forum_id: str
    board: str
    severity: str
    labels: str


ALIKE = tuple(getattr(QueueItem, name) for name in _Group._fields)
AGES = ("", *words.AGES)
"""Of any age, and of each."""
Pool = dict[_Group, Sequence[int]]
"""How many items of each group there are of each of `AGES`."""


def load_counts(session: Session, filters: Filters, reader: str, moment: datetime) -> Counts:
    """The counts as the moderator `reader` sees the queue."""
    forums = {forum.id: forum for forum in session.execute(select(Forum.id, Forum.slug, Forum.name))}
    pools = _load_pools(session, reader, moment)
    age = AGES.index(filters.age)
    checks = {
        "labels": filters.label and (lambda group: filters.topic in group.labels),
        "severity": filters.severity and (lambda group: group.severity == filters.severity),
        "board": filters.board and (lambda group: group.board == filters.board),
        "forum_id": filters.forum and (lambda group: forums[group.forum_id].slug == filters.forum),
    }

    def left(who: str, but: str = "") -> Pool:
        """What passes the filter `who` and all others, save for that of age and the one on the field called `but`."""
        asked = [check for name, check in checks.items() if check and name != but]
        fit = (group for group in pools[who] if all(check(group) for check in asked))
        return {group: pools[who][group] for group in fit} if asked else pools[who]

    def totals(who: str) -> list[int]:
        """How many are left of each of `AGES`."""
        return [sum(counts[each] for counts in left(who).values()) for each in range(len(AGES))]

    def by(name: str) -> Counter[str]:
        """How many there are for each value of the field."""
        found: Counter[str] = Counter()
        value = attrgetter(name)
        for group, counts in left(filters.who, name).items():
            found[value(group)] += counts[age]
        return found

    labels = _each_label(by("labels"))
    boards, mine = by("board"), totals(filters.who)
    found = {forums[forum].slug: count for forum, count in by("forum_id").items()}
    names = {forum.slug: forum.name for forum in forums.values()}
    return Counts(
        total=mine[age],
        areas=_choices(labels, words.AREAS, filters.area),
        labels=_choices(labels, words.LABEL_CHOICES, filters.label),
        severities=_choices(
            by("severity"), {str(s): words.severity(s).word for s in reversed(Severity)}, filters.severity
        ),
        boards=_choices(boards, {board: board for board in sorted(boards) if board}, filters.board),
        forums=_choices(found, {slug: names[slug] for slug in sorted(found)}, filters.forum),
        ages=_choices(dict(zip(AGES, mine, strict=True)), words.AGES, filters.age),
        whose=_choices({who: totals(who)[age] for who in words.WHOSE}, words.WHOSE, filters.who),
    )


def _each_label(together: Counter[str]) -> Counter[str]:
    """How many items have each label and each area, of how many have these labels together."""
    found: Counter[str] = Counter()
    for labels, count in together.items():
        for value in {each for label in labels.split() for each in (label, label.partition(".")[0])}:
            found[value] += count
    return found


def _load_pools(session: Session, reader: str, moment: datetime) -> dict[str, Pool]:
    """The open items under each filter of `words.WHOSE`, and under none.

    One pass over the index counts everything that is open, asking of no item whose it is; the few that are somebody's,
    skipped or closed to the reader are then read one by one.
    """
    values = {"reader": reader, "moment": moment, **{age: moment - CLOCKS[age][1] for age in words.AGES}}
    everything = {_Group(*row[:4]): row[4:] for row in session.execute(_counted(), values)}
    pools = {"": everything, "nobody": dict(everything), "me": {}, "skipped": {}}
    for mine, nobodys, skipped, closed, *row in session.execute(_apart(), values):
        group, counts = _Group(*row[:4]), (1, *map(int, row[4:]))
        if skipped or closed:
            _add(pools[""], group, counts, -1)
            _add(pools["nobody"], group, counts, -1)
            if not closed:
                _add(pools["skipped"], group, counts)
        else:
            if not nobodys:
                _add(pools["nobody"], group, counts, -1)
            if mine:
                _add(pools["me"], group, counts)
    return pools


def _add(pool: Pool, group: _Group, counts: Sequence[int], times: int = 1) -> None:
    before = pool.get(group, (0,) * len(AGES))
    pool[group] = [have + times * more for have, more in zip(before, counts, strict=True)]


# Built once: the statements are long, and building one takes longer than asking it.
READER, MOMENT = bindparam("reader"), bindparam("moment")


def _reached() -> list[ColumnElement[bool]]:
    return [CLOCKS[age][0] < bindparam(age) for age in words.AGES]


@cache
def _counted() -> Select:
    """How many open items there are of each group, and how many of them have reached each age."""
    reached = (func.count().filter(each) for each in _reached())
    return select(*ALIKE, func.count(), *reached).where(QueueItem.state == "open").group_by(*ALIKE)


@cache
def _apart() -> Select:
    """The open items that somebody has or is asked about, or that the reader skipped or may not decide: of each
    whether it is the reader's, nobody's, skipped, closed, then its group and which ages it has reached.
    """
    skips, closed = skipped_by(READER), closed_to(READER)
    held = (
        select(QueueItem.id).where(each.is_not(None), QueueItem.state == "open")
        for each in (QueueItem.assigned_to, QueueItem.claimed_by)
    )
    whose = (of_whom(who, READER, MOMENT) for who in ("me", "nobody"))
    stands = (QueueItem.id.in_(skips), QueueItem.id.in_(closed))
    return select(*whose, *stands, *ALIKE, *_reached()).where(
        QueueItem.state == "open", QueueItem.id.in_(union(skips, closed, *turn_of(READER), *held))
    )


def _choices(counts: dict[str, int], said: dict[str, str], chosen: str) -> list[Choice]:
    """Those that lead somewhere, in the order of `said`, and the one that is chosen."""
    if chosen and chosen not in said:
        said = {**said, chosen: chosen}
    return [Choice(v, said[v], counts.get(v, 0)) for v in said if counts.get(v, 0) or v == chosen]

"""Numbers: what waits, how long people take, and how often they think as the models did."""

from __future__ import annotations

import csv
import io
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service.agreement import Agreement
from service.review import words
from service.review.agreement import Agreements
from service.review.appeals import AppealNumbers, count_appeals
from service.store.kept import is_kept
from service.store.models import Moderator, QueueItem, Revision, now

DAYS = (7, 30, 90)
MOST = 100_000
"""Decided items that are counted, the newest; beyond them a week more changes no median."""
STEPS = 12
"""Parts that the time is drawn in."""


@dataclass
class LabelNumbers:
    """One label in the chosen time. A decision upholds the models where the post was not approved."""

    words: str
    name: str = ""
    """`area.label`; empty for all of them."""
    waiting: int = 0
    minutes: list[float] = field(default_factory=list)
    """From arrival to decision, of each decided item."""
    upheld: int = 0
    steps: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in range(STEPS)])
    """Upheld and overturned in each part of the time, the oldest first."""

    @property
    def decided(self) -> int:
        return len(self.minutes)

    @property
    def overturned(self) -> int:
        return self.decided - self.upheld

    @property
    def share_upheld(self) -> float | None:
        """0..1, or None where nothing was decided."""
        return self.upheld / self.decided if self.decided else None

    @property
    def median(self) -> float | None:
        """Minutes."""
        return statistics.median(self.minutes) if self.minutes else None

    @property
    def p95(self) -> float | None:
        """Minutes; 95 of 100 items took no longer."""
        ordered = sorted(self.minutes)
        return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else None


@dataclass(frozen=True)
class Person:
    """What one moderator decided in the chosen time."""

    name: str
    decided: int
    upheld: int


@dataclass(frozen=True)
class Numbers:
    """Everything the page of numbers shows."""

    days: int
    waiting: int
    oldest: datetime | None
    overdue: int
    all: LabelNumbers
    labels: list[LabelNumbers]
    read: int
    """Posts read in the chosen time."""
    unread: list[tuple[str, int]]
    """Why posts could not be read, and how many of them came to the queue."""
    appeals: AppealNumbers
    people: list[Person]
    """The reader, and whoever decided on a forum that the reader is an admin of."""


def load_numbers(session: Session, days: int, reader: str, led: frozenset[str] | None = frozenset()) -> Numbers:
    """The numbers of the last so many days; of people what `reader` decided, and what others did on the forums of the ids
    `led`, None for every forum.
    """
    moment = now()
    since = moment - timedelta(days=days)
    every = LabelNumbers(_("All"))
    labels = {name: LabelNumbers(said, name) for name, said in words.LABEL_CHOICES.items()}
    people = _count_decided(
        session, since, moment, every, labels, lambda by, forum: by == reader or led is None or forum in led
    )
    waiting = QueueItem.state == "open"
    for found, count in _by_labels(session, waiting):
        every.waiting += count
        for name in found & labels.keys():
            labels[name].waiting += count
    unread: dict[str, int] = defaultdict(int)
    for found, count in _by_labels(session, QueueItem.created_at >= since, QueueItem.labels.contains(" not_checked.")):
        for name in found:
            unread[name.removeprefix("not_checked.")] += count
    read = select(func.count()).where(Revision.state == "done", Revision.received_at >= since, is_kept(Revision))
    return Numbers(
        days=days,
        waiting=every.waiting,
        oldest=session.scalar(select(func.min(QueueItem.created_at)).where(waiting)),
        overdue=session.scalar(select(func.count()).where(waiting, QueueItem.due_at < moment)) or 0,
        all=every,
        labels=[each for each in labels.values() if each.decided or each.waiting],
        read=session.scalar(read) or 0,
        unread=[(said, unread[why]) for why, (said, _) in words.NOT_CHECKED.items() if unread[why]],
        appeals=count_appeals(session, since),
        people=_people(session, people),
    )


def _count_decided(
    session: Session,
    since: datetime,
    moment: datetime,
    every: LabelNumbers,
    labels: dict[str, LabelNumbers],
    is_told: Callable[[str, str], bool],
) -> dict[str, list[int]]:
    """Fill in what was decided since then; of each moderator how much they decided and how much of it upheld the models,
    where it `is_told` who decided on the forum.
    """
    people: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for forum, found, created, decided_at, by, decision in session.execute(_decided(since)):
        upheld = decision != "allow"
        step = min(STEPS - 1, int((decided_at - since) / (moment - since) * STEPS))
        for each in (every, *(labels[name] for name in found.split() if name in labels)):
            each.minutes.append((decided_at - created) / timedelta(minutes=1))
            each.upheld += upheld
            each.steps[step][not upheld] += 1
        if is_told(by or "", forum):
            people[by or ""][0] += 1
            people[by or ""][1] += upheld
    return people


def _by_labels(session: Session, *where: ColumnElement[bool]) -> list[tuple[set[str], int]]:
    """How many items there are of each set of labels."""
    query = select(QueueItem.labels, func.count()).where(*where).group_by(QueueItem.labels)
    return [(set(found.split()), count) for found, count in session.execute(query)]


def _decided(since: datetime):  # noqa: ANN202
    item = (QueueItem.forum_id, QueueItem.labels, QueueItem.created_at, QueueItem.decided_at, QueueItem.decided_by)
    return (
        select(*item, QueueItem.decision)
        .where(QueueItem.state == "decided", QueueItem.decided_at >= since)
        .order_by(QueueItem.decided_at.desc())
        .limit(MOST)
    )


def _people(session: Session, counts: dict[str, list[int]]) -> list[Person]:
    wanted = select(Moderator).where(Moderator.id.in_(counts.keys()))
    return sorted((Person(each.called, *counts[each.id]) for each in session.scalars(wanted)), key=lambda p: p.name)


def as_csv(numbers: Numbers, agreements: Agreements) -> str:
    """One row for each label, and one for appeals. No cell can begin a formula: labels are Heed's own words, the rest are numbers."""
    written = io.StringIO()
    table = csv.writer(written)
    decided = [_("waiting"), _("decided"), _("upheld"), _("overturned")]
    table.writerow([_("label"), *decided, _("median minutes"), _("p95 minutes"), _("received"), *map(str, READ_TWICE)])
    known = {each.name for each in numbers.labels}
    only_read = [LabelNumbers(words.LABEL_CHOICES[name], name) for name in agreements.labels if name not in known]
    table.writerows(_rows([numbers.all, *numbers.labels, *only_read], agreements))
    asked = numbers.appeals
    went = (asked.waiting, asked.upheld + asked.granted, asked.upheld, asked.granted)
    table.writerow([words.AREAS["appeal"], *went, "", "", asked.received, *[""] * len(READ_TWICE)])
    return written.getvalue()


READ_TWICE = (_l("read twice"), _l("alike"), _l("kappa"), _l("kappa from"), _l("kappa to"))


def _rows(labels: Iterable[LabelNumbers], agreements: Agreements) -> Iterable[list[object]]:
    for each in labels:
        times = ["" if value is None else round(value, 1) for value in (each.median, each.p95)]
        found = agreements.labels.get(each.name, Agreement(0)) if each.name else agreements.all
        shares = (found.alike, found.kappa, *(found.interval or (None, None)))
        twice = [found.pairs, *("" if value is None else round(value, 3) for value in shares)]
        yield [each.words, each.waiting, each.decided, each.upheld, each.overturned, *times, "", *twice]

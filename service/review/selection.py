"""A selection: posts that a moderator would decide together, what they are about, and which are left out and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import appeals, author_messages, urgency
from service.decisions import flagged_distress
from service.errors import Invalid
from service.people.roles import Access
from service.review import claims, words
from service.review.filters import Filters, waiting
from service.review.item import UNREADABLE
from service.review.queue import ORDER, Row, Source, load_sources, rows_of
from service.store.models import Forum, QueueItem, Verdict, now

MOST = 200
"""Posts decided together at most: more than that nobody looks over."""

TOGETHER = ("approve", "hold", "remove")
"""What may be decided of several posts, keys of `service.decisions.ACTIONS`. The others are for one post at a time."""

LEFT_OUT = {
    "crisis": _l("Someone may be in danger. Such a post is never decided together with others."),
    "alone": _l("Somebody may be in despair, or be driven to it. They are read one by one."),
    "distress": _l("Their authors may be in distress, and nobody is punished for a cry for help."),
    "appeal": _l("Its author appeals, and is to be heard by itself."),
    "held": _l("A colleague is reading it, or it was handed to them."),
    "not_yours": _l("You may read this forum’s posts, but not decide about them."),
    "changed": _l("It was edited, decided or deleted since you saw it."),
    "unreadable": _l("What was found in it can’t be shown, so it has to be judged by its text."),
    "failed": _l("Something went wrong. It still waits in the queue."),
    "waiting": _l("It broke off before this one. It still waits in the queue."),
}
"""Why a post is not decided together with others, in words."""


ITEM = re.compile(r"item_\w{1,35}", re.ASCII)


@dataclass(frozen=True)
class Group:
    """Posts that are left out for the same reason."""

    why: str
    words: str
    rows: list[Row]


@dataclass(frozen=True)
class Selection:
    """What would be decided, before anything is. `matching`: how many posts fit, where more do than are shown."""

    rows: list[Row]
    left_out: list[Group]
    distress: frozenset[str]
    """Ids of those rows that would be left out of a removal."""
    labels: list[tuple[str, str, int]]
    """What the posts are about: `area.label`, its words, how many."""
    places: list[tuple[str, int]]
    """Where they stand: forum and board, how many."""
    telling: list[tuple[str, dict[str, str]]]
    """The usual words to authors, by forum."""
    matching: int


def chosen(values: Iterable[str]) -> dict[str, int]:
    """Ids and versions of items from a form, where each stands as `id.version`. Raises Invalid."""
    picks = {}
    for value in values:
        item, _dot, version = value.partition(".")
        if not (version.isdecimal() and len(version) < 10 and ITEM.fullmatch(item)):
            raise Invalid(_("The form was incomplete. Go back to the queue and choose again."), field="post")
        picks[item] = int(version)
    if not picks:
        raise Invalid(
            _("No post was chosen. Go back to the queue and tick those that you want to decide."), field="post"
        )
    if len(picks) > MOST:
        raise Invalid(_("At most %(most)s posts are decided together. Choose fewer.", most=MOST), field="post")
    return picks


def matching(session: Session, filters: Filters, reader: str) -> tuple[dict[str, int], int]:
    """The first posts of the queue under the filters, as `chosen` gives them, and how many there are in all.

    Posts where a life may be at stake take no place from the others.
    """
    conditions = waiting(filters, reader, now())
    total = session.scalar(select(func.count()).select_from(QueueItem).where(*conditions)) or 0
    crisis = QueueItem.lane == urgency.CRISIS_LANE
    picks = {}
    for lane in (crisis, ~crisis):
        query = select(QueueItem.id, QueueItem.version).where(*conditions, lane).order_by(*ORDER).limit(MOST)
        picks |= {item: version for item, version in session.execute(query)}
    return picks, total


def load_selection(session: Session, picks: dict[str, int], reader: str, access: Access, total: int = 0) -> Selection:
    """The posts of `picks` (versions by id), most urgent first. `total`: how many there would be."""
    moment = now()
    items = list(session.scalars(select(QueueItem).where(QueueItem.id.in_(list(picks))).order_by(*ORDER)))
    sources = load_sources(session, items)
    rows = {row.id: row for row in rows_of(session, items, sources, reader, moment)}
    kept, groups, distress = [], {}, set()
    for item in items:
        verdict = sources[item.id][0]
        why = why_not(item, verdict, picks[item.id], reader, access, moment)
        if why:
            groups.setdefault(why, []).append(rows[item.id])
            continue
        kept.append(item)
        if flagged_distress(verdict.document):
            distress.add(item.id)
    return Selection(
        rows=[rows[item.id] for item in kept],
        left_out=[Group(why, str(said), groups[why]) for why, said in LEFT_OUT.items() if why in groups],
        distress=frozenset(distress),
        labels=_labels(kept),
        places=_places([rows[item.id] for item in kept]),
        telling=_telling(session, [sources[item.id] for item in kept]),
        matching=total if total > len(items) else 0,
    )


def why_not(
    item: QueueItem, verdict: Verdict, version: int, reader: str, access: Access, moment: datetime, action: str = ""
) -> str:
    """Why `reader` can't decide the item together with others, a key of LEFT_OUT; empty where they can.

    `version` is the item's as it was shown; `action` what would be done, where that is known.
    """
    if not access.may("moderator", item.forum_id):
        return "not_yours"
    if item.state != "open" or item.version != version:
        return "changed"
    if item.lane == urgency.CRISIS_LANE:
        return "crisis"
    if appeals.TOPIC in item.labels.split():
        return "appeal"
    try:
        if urgency.alone(verdict.document):
            return "alone"
        if flagged_distress(verdict.document) and action == "remove":
            return "distress"
    except UNREADABLE:
        return "unreadable"
    return "held" if claims.holder(item, reader, moment) else ""


def _labels(items: list[QueueItem]) -> list[tuple[str, str, int]]:
    """Commonest first; a post counts once for each of its labels."""
    counts = Counter(topic for item in items for topic in item.labels.split())
    return [(topic, words.LABEL_CHOICES.get(topic, topic), count) for topic, count in counts.most_common()]


def _places(rows: list[Row]) -> list[tuple[str, int]]:
    """Commonest first; the forum is named where there are several."""
    several = len({row.forum_id for row in rows}) > 1
    named = Counter(" · ".join(filter(None, (several and row.forum, row.board))) for row in rows)
    return [(place, count) for place, count in named.most_common() if place]


def _telling(session: Session, found: list[Source]) -> list[tuple[str, dict[str, str]]]:
    """In the language that most posts of the forum have."""
    forums: dict[str, tuple[Forum, Counter[str]]] = {}
    for _verdict, text, forum in found:
        forums.setdefault(forum.id, (forum, Counter()))[1][text.language] += 1
    telling = []
    for forum, spoken in forums.values():
        language = spoken.most_common(1)[0][0]
        usual = {kind: author_messages.usual(session, forum, kind, language) for kind in TOGETHER}
        telling.append((forum.name, usual))
    return telling

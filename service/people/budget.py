"""The daily budget: how many heavy posts of a kind somebody reads in a day before they are gently stopped.

Everybody chooses for themselves, and nobody else sees it: it stands in no number, no log and no page of anybody's but theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, and_, case, delete, not_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.people.roles import people_who_may
from service.settings import settings
from service.store import Store
from service.store.models import HeavyReading, LoginSession, Moderator, QueueItem, Skip, now
from service.urgency import CRISIS_LANE

CATEGORIES = {
    "danger": ("self_harm.crisis", "self_harm.encouragement"),
    "distress": ("self_harm.ideation", "self_harm.self_injury", "self_harm.disordered_eating"),
    "worry": ("self_harm.concern_for_other",),
}
"""Heavy kinds of posts by the labels that make them so, as `service.urgency.topics` spells them. A post is of the first that fits."""
SAID = {
    "danger": lazy_gettext("Somebody in danger, or urged towards it"),
    "distress": lazy_gettext("Somebody’s own distress"),
    "worry": lazy_gettext("Worry about another person"),
}
MOST = 999
"""Of a day; whoever wants more wants no limit."""
ABOUT = timedelta(minutes=15)
"""Whoever did something in the console since then counts as being about."""
KEPT = timedelta(days=3)
"""How long it is known who read what; a day is over everywhere after two."""


@dataclass(frozen=True)
class Today:
    """What somebody has read of heavy posts in their day so far. `read`: category by item id; `limits`: 0 for none."""

    day: date
    read: Mapping[str, str]
    limits: Mapping[str, int]

    @classmethod
    def of(cls, session: Session, moderator_id: str, moment: datetime) -> Today:
        person = session.get(Moderator, moderator_id)
        day = moment.astimezone(ZoneInfo(person.zone) if person and person.zone else UTC).date()
        mine = (HeavyReading.moderator_id == moderator_id, HeavyReading.day == day)
        query = select(HeavyReading.item_id, HeavyReading.category).where(*mine)
        chosen = person.heavy_budget if person else {}
        limits = {name: int(chosen.get(name, settings().heavy_budget)) for name in CATEGORIES}
        return cls(day, {item: category for item, category in session.execute(query)}, limits)

    def count(self, category: str) -> int:
        """How many different posts of it were read."""
        return list(self.read.values()).count(category)

    @property
    def spent(self) -> list[str]:
        """Categories of which enough was read."""
        return [name for name in CATEGORIES if self.limits[name] and self.count(name) >= self.limits[name]]

    def stops(self, item: QueueItem) -> str:
        """The category of which enough was read for this item not to be opened, or empty; what was read today may be read again."""
        category = category_of(item)
        return category if category in self.spent and item.id not in self.read else ""


def category_of(item: QueueItem) -> str:
    """The heavy category of an item, or empty."""
    topics = set(item.labels.split()) if item.state != "withdrawn" else set()
    return next((name for name, labels in CATEGORIES.items() if topics & set(labels)), "")


def open_item(session: Session, item: QueueItem, moderator_id: str, moment: datetime, *, wanted: bool = False) -> bool:
    """Whether somebody may read the item now, which is then counted, once a day.

    False where they had enough of its category and it is not `wanted` all the same. Of a category without a limit nothing is kept.
    """
    category, today = category_of(item), Today.of(session, moderator_id, moment)
    if not category or item.id in today.read or not today.limits[category]:
        return True
    if category in today.spent and not wanted:
        return False
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"moderator_id": moderator_id, "day": today.day, "item_id": item.id, "category": category}
    session.execute(insert(HeavyReading).values(**row).on_conflict_do_nothing())
    return True


def led_past(session: Session, reader: str, moment: datetime) -> list[ColumnElement[bool]]:
    """The conditions on items that `reader` is led to: none of what they had enough of today.

    A life outweighs the budget: where nobody else is about, nobody is led past a crisis post.
    """
    today = Today.of(session, reader, moment)
    if not today.spent:
        return []
    kinds = [(or_(*(_holds(label) for label in labels)), name) for name, labels in CATEGORIES.items()]
    enough = case(*kinds, else_="").in_(today.spent)
    needed = and_(QueueItem.lane == CRISIS_LANE, not_(somebody_about(reader, moment)))
    return [or_(not_(enough), QueueItem.id.in_(list(today.read)), needed)]


def _holds(label: str) -> ColumnElement[bool]:
    return QueueItem.labels.contains(f" {label} ", autoescape=True)


def somebody_about(reader: str, moment: datetime) -> ColumnElement[bool]:
    """Whether anybody but `reader` who may decide about an item, and did not skip it, was in the console lately."""
    skipped = select(Skip.moderator_id).where(Skip.item_id == QueueItem.id)
    others = people_who_may("moderator", QueueItem.forum_id).join(
        LoginSession, LoginSession.moderator_id == Moderator.id
    )
    here = (Moderator.id != reader, LoginSession.seen_at > moment - ABOUT, Moderator.id.not_in(skipped))
    return others.where(*here).correlate(QueueItem).exists()


def choose(session: Session, moderator_id: str, typed: Mapping[str, str]) -> None:
    """Set somebody's own numbers; an empty one is the usual. Raises Invalid for what is no number of 0 to MOST."""
    chosen = {}
    for name in CATEGORIES:
        value = typed.get(name, "").strip()
        if value and not (value.isascii() and value.isdigit() and int(value[:9]) <= MOST):
            raise Invalid(
                _("Write how many posts a day as a number from 0 to %(most)d, or leave it empty.", most=MOST),
                field=name,
            )
        if value:
            chosen[name] = int(value)
    session.get_one(Moderator, moderator_id).heavy_budget = chosen


def forget_old(where: Store) -> None:
    """Who read what is not kept."""
    old = HeavyReading.day < (now() - KEPT).date()
    with where.read() as session:
        if session.scalar(select(HeavyReading.day).where(old).limit(1)) is None:
            return
    with where.write() as session:
        session.execute(delete(HeavyReading).where(old))

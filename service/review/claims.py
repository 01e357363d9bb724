"""Claims: whoever opens an item has it for a while, so that two people never read the same despair for nothing.

A claim guards nothing but people's time: that no decision is overwritten is the work of the item's version.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from service import audit, recusals
from service.erasure.missing import missing
from service.errors import Conflict, Forbidden, Invalid
from service.people.roles import people_who_may
from service.review.filters import free_for
from service.settings import settings
from service.store.models import Moderator, QueueItem, now

NOBODYS = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


def claim(session: Session, item_id: str, reader: str) -> datetime | None:
    """Take the item for `reader` where nobody else has it or was given it.

    Returns when the claim began: its name, which `release` asks for. None where somebody else has the item, or it is
    not for `reader` to decide.
    """
    if recusals.is_closed_to(session, item_id, reader):
        return None
    moment = now()
    mine = {"claimed_by": reader, "claimed_at": moment, "claimed_until": moment + _term()}
    return moment if _change(session, mine, QueueItem.id == item_id, free_for(reader, moment)) else None


def let_go(session: Session, reader: str, but: str) -> None:
    """One person reads one post: release what `reader` has beside the item `but`.

    In a transaction of its own: two people who exchange their posts would otherwise wait for each other.
    """
    _change(session, NOBODYS, QueueItem.claimed_by == reader, QueueItem.id != but)


def renew(session: Session, item_id: str, reader: str) -> bool:
    """Keep the item for another while, where `reader` still has it or nobody does."""
    moment = now()
    mine = {"claimed_by": reader, "claimed_until": moment + _term()}
    return bool(_change(session, mine, QueueItem.id == item_id, free_for(reader, moment)))


def release(session: Session, item_id: str, reader: str, began: datetime) -> None:
    """Let go of the claim that began then; one of a page opened since then stays."""
    _change(session, NOBODYS, QueueItem.id == item_id, QueueItem.claimed_by == reader, QueueItem.claimed_at == began)


def take_over(session: Session, item_id: str, moderator: Moderator) -> None:
    """Take the item although somebody else reads it or was given it; written down.

    Raises Forbidden to whoever may not decide it.
    """
    item, moment = open_item(session, item_id), now()
    if recusals.is_closed_to(session, item_id, moderator.id):
        raise Forbidden(recusals.not_yours())
    before = holder(item, moderator.id, moment)
    audit.write(session, "took_over", moderator_id=moderator.id, post_id=item.post_id, before=before)
    item.assigned_to, item.claimed_by, item.claimed_at = None, moderator.id, moment
    item.claimed_until = moment + _term()


def hand_over(session: Session, item_id: str, moderator: Moderator, to: str) -> Moderator:
    """Give the item to the colleague of this id. Raises Invalid for nobody, for oneself, or for whoever may not decide it."""
    item = open_item(session, item_id)
    able = people_who_may("moderator", item.forum_id).where(Moderator.id == to, Moderator.id != moderator.id)
    if (known := session.scalar(able)) is None or recusals.is_closed_to(session, item_id, known):
        raise Invalid(_("Choose a colleague to hand the post to."), field="to")
    colleague = session.get_one(Moderator, known)
    item.assigned_to = colleague.id
    item.let_go()
    audit.write(session, "handed_over", moderator_id=moderator.id, post_id=item.post_id, to=colleague.id)
    return colleague


def reading(item: QueueItem, reader: str, moment: datetime) -> str | None:
    """Id of the moderator other than `reader` who reads the open item at this moment."""
    lasts = item.state == "open" and item.claimed_until is not None and item.claimed_until > moment
    return item.claimed_by if lasts and item.claimed_by != reader else None


def holder(item: QueueItem, reader: str, moment: datetime) -> str | None:
    """Id of the moderator other than `reader` who reads the item, else of the one it was handed to."""
    return reading(item, reader, moment) or (item.assigned_to if item.assigned_to != reader else None)


def holders(session: Session, items: Iterable[QueueItem], reader: str, moment: datetime) -> dict[str, str]:
    """Names of the people other than `reader` who have these items, by the item's id."""
    held = {item.id: who for item in items if (who := holder(item, reader, moment))}
    query = select(Moderator).where(Moderator.id.in_(set(held.values())))
    names = {person.id: person.called for person in session.scalars(query)} if held else {}
    return {item: names[who] for item, who in held.items()}


def check(session: Session, item_id: str, moderator: Moderator) -> None:
    """Raises Conflict where somebody else reads the item at this moment."""
    item = session.get(QueueItem, item_id)
    who = reading(item, moderator.id, now()) if item else None
    if who:
        name = session.get_one(Moderator, who).called
        raise Conflict(
            _(
                "%(name)s is reading this post at the moment. Take it over to decide it, or go on to the next.",
                name=name,
            )
        )


def open_item(session: Session, item_id: str) -> QueueItem:
    """The item, locked. Raises NotFound or Conflict where it waits no longer."""
    item = session.get(QueueItem, item_id, with_for_update=True)
    if item is None or item.state == "withdrawn":
        raise missing(session, item_id)
    if item.state != "open":
        raise Conflict(_("This post waits no longer: somebody decided it meanwhile. Reload to see how."))
    return item


def _change(session: Session, values: dict[str, Any], *where: ColumnElement[bool]) -> int:
    """Change open items in one statement, so that two claims at once take turns; how many there were."""
    change = update(QueueItem).where(QueueItem.state == "open", *where).values(values)
    return session.execute(change, execution_options={"synchronize_session": False}).rowcount


def _term() -> timedelta:
    return timedelta(seconds=settings().claim_seconds)

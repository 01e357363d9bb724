"""Skipping: a moderator leaves a post to the others, says why, and is not offered it again."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Conflict, Invalid
from service.people.roles import people_who_may
from service.review import words
from service.review.claims import open_item
from service.review.opinions import pass_on
from service.store.models import Moderator, QueueItem, Skip
from service.urgency import CRISIS_LANE


def skip(session: Session, item_id: str, moderator: Moderator, reason: str) -> None:
    """Leave the item to others. Raises Conflict where a life may be at stake and nobody else is left."""
    item = open_item(session, item_id)
    if reason not in words.SKIPS:
        raise Invalid(_("Choose why you skip it, so that the others know."), field="reason")
    if item.lane == CRISIS_LANE and not _somebody_left(session, item, moderator):
        raise Conflict(
            _(
                "Nobody else is left to look at this post, and somebody may be in danger. "
                "Escalate it, which alerts the forum’s staff, or ask a colleague."
            )
        )
    session.merge(Skip(item_id=item.id, moderator_id=moderator.id, reason=reason))
    if item.claimed_by == moderator.id:
        item.let_go()
    if item.assigned_to == moderator.id:
        item.assigned_to = None
    pass_on(session, item, moderator)
    audit.write(session, "skipped", moderator_id=moderator.id, post_id=item.post_id, reason=reason)


def unskip(session: Session, item_id: str, moderator: Moderator) -> None:
    """Offer the item to the moderator again."""
    known = session.get(Skip, (item_id, moderator.id))
    if known is not None:
        session.delete(known)


def has_skipped(session: Session, item_id: str, reader: str) -> bool:
    return session.get(Skip, (item_id, reader)) is not None


def _somebody_left(session: Session, item: QueueItem, moderator: Moderator) -> bool:
    skipped = select(Skip.moderator_id).where(Skip.item_id == item.id)
    others = people_who_may("moderator", item.forum_id).where(
        Moderator.id != moderator.id, Moderator.id.not_in(skipped)
    )
    return session.scalar(others.limit(1)) is not None

"""Opinions: a person in distress is not silenced by one pair of eyes. Who would remove their post proposes it, and a second
person has to agree.
"""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.decisions import flagged_distress
from service.errors import Conflict, Forbidden
from service.review.claims import open_item
from service.store.models import Moderator, Opinion, QueueItem, Verdict


def needs_second(session: Session, item: QueueItem, action: str) -> bool:
    """Whether one person alone may not do this."""
    return action == "remove" and flagged_distress(session.get_one(Verdict, item.verdict_id).document)


def proposals(session: Session, item: QueueItem) -> list[tuple[Opinion, str]]:
    """Proposals to remove the item as it stands now, oldest first, each with the name of who made it."""
    query = (
        select(Opinion, Moderator)
        .join(Moderator, Moderator.id == Opinion.moderator_id)
        .where(Opinion.item_id == item.id, Opinion.version == item.version, Opinion.action == "remove")
        .order_by(Opinion.created_at, Opinion.id)
    )
    return [(opinion, who.called) for opinion, who in session.execute(query)]


def proposed_by_another(session: Session, item: QueueItem, moderator: Moderator) -> str | None:
    """Id of the first other moderator who proposed to remove the item as it stands now."""
    others = (opinion.moderator_id for opinion, _ in proposals(session, item) if opinion.moderator_id != moderator.id)
    return next(others, None)


def propose_removal(
    session: Session, item_id: str, version: int, moderator: Moderator, label: str, note: str
) -> Opinion:
    """Propose to remove the post of somebody in distress. Raises Conflict where the item changed meanwhile.

    Raises Forbidden without a note: the second person has to know why.
    """
    item = open_item(session, item_id)
    if item.version != version:
        raise Conflict(_("Somebody changed this item while you were reading. Reload to see what they did."))
    if not note:
        raise Forbidden(
            _(
                "This post may be a cry for help, and a person in distress is never punished. Where it has to go all the "
                "same, say why in the note: a colleague has to agree before it is removed."
            )
        )
    known = next((o for o, _ in proposals(session, item) if o.moderator_id == moderator.id), None)
    opinion = known or Opinion(item_id=item.id, version=item.version, moderator_id=moderator.id, action="remove")
    opinion.label, opinion.note = label, note
    session.add(opinion)
    audit.write(session, "proposed_removal", moderator_id=moderator.id, post_id=item.post_id, label=label)
    return opinion

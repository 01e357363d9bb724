"""A forum's consent to have its moderators' decisions exported; off until somebody who leads its moderation turns it on."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service import audit
from service.errors import Conflict
from service.store.models import Forum, Moderator


def set_consent(session: Session, forum: Forum, given: bool, *, by: Moderator | None) -> None:
    """Give it, or take it back for exports from now on; `by` is None on the machine itself.

    Raises Conflict for a forum whose private messages are read: nothing tells them from its posts.
    """
    if given and forum.read_private_messages:
        raise Conflict(
            _("Heed reads this forum’s private messages, and can’t tell them from posts, so nothing of it is exported.")
        )
    if forum.training_consent == given:
        return
    forum.training_consent = given
    what = "gave_training_consent" if given else "took_back_training_consent"
    audit.write(session, what, moderator_id=by.id if by else None, forum=forum.id)

"""What a moderator is told who follows a link to a post that is gone."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import Gone, NotFound, RequestError
from service.store.models import Forum, Post


def missing(session: Session, item_id: str) -> RequestError:
    """The error for an item of the queue that is not there: it says so where its post was erased."""
    erased = select(Post.id).join(Forum, Forum.id == Post.forum_id).where(Post.erased_item == item_id, Post.erased)
    if item_id.isprintable() and session.scalar(erased.limit(1)) is not None:
        return Gone(_("This post was erased: its author or the forum asked for that, and nothing of it is kept."))
    return NotFound(_("There is no such post in the queue. Go back to the queue and reload it."))

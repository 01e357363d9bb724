"""What whoever is logged in may see and do: every view and change of the console goes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.erasure.missing import missing
from service.errors import Forbidden, NotFound
from service.store import store
from service.store.models import Forum, QueueItem

NEEDS = {
    "moderator": _(
        "You may read this forum’s posts, but not decide about them. Ask an admin for the role of a moderator."
    ),
    "lead": _("This is for those who lead the moderation. Ask an admin for the role of a lead."),
    "admin": _("This is for admins. Ask one of them."),
}
"""What somebody is told who lacks the role."""


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only view of the forums that whoever is logged in may see."""
    with store().read(g.access.forums()) as db:
        yield db


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction on the forums that whoever is logged in may see."""
    with store().write(g.access.forums()) as db:
        yield db


def require(role: str, forum_id: str | None) -> None:
    """Raises Forbidden where whoever is logged in has not the role on the forum; None asks for every forum."""
    if not g.access.may(role, forum_id):
        raise Forbidden(str(NEEDS[role]))


def require_somewhere(role: str) -> None:
    """Raises Forbidden where whoever is logged in has the role on no forum."""
    if not g.access.may_somewhere(role):
        raise Forbidden(str(NEEDS[role]))


def require_to_decide() -> None:
    """Raises NotFound, or Forbidden, where whoever is logged in may not see, or decide about, the item of this request's
    address: what is another forum's answers as what never was.
    """
    item_id = (request.view_args or {}).get("item_id")
    if item_id is None:
        return
    with reading() as db:
        forum_id = db.scalar(select(QueueItem.forum_id).where(QueueItem.id == item_id))
        if forum_id is None:
            raise missing(db, item_id)
    require("moderator", forum_id)


def forum_to_lead(db: Session, slug: str) -> Forum:
    """The forum of that name. Raises NotFound, or Forbidden for whoever does not lead its moderation."""
    forum = db.scalar(select(Forum).where(Forum.slug == slug))
    if forum is None:
        raise NotFound(gettext("There is no such forum. Go back to the queue."))
    require("lead", forum.id)
    return forum

"""Views: filters of the queue that a moderator saved under a name."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.review.access import writing
from service.review.filters import Filters
from service.store.models import SavedView

blueprint = Blueprint("views", __name__)

LONGEST_NAME = 60
MOST = 20
"""Views of one moderator; more are a list nobody reads."""


@dataclass(frozen=True)
class View:
    """A saved view."""

    id: str
    name: str
    filters: Filters


def load_views(session: Session, moderator: str) -> list[View]:
    """A moderator's saved views by name."""
    query = select(SavedView).where(SavedView.moderator_id == moderator).order_by(SavedView.name)
    return [View(view.id, view.name, Filters.of(view.filters)) for view in session.scalars(query)]


@blueprint.post("/views")
def save() -> ResponseReturnValue:
    """Save the filters of the page under a name; one saved under that name before is replaced."""
    filters, name = Filters.of(request.args), " ".join(request.form.get("name", "").split())
    if not filters.any:
        raise Invalid(_("Narrow the queue first: a view without filters is the whole queue."), field="name")
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(_("Give the view a name of 1 to %(most)s characters.", most=LONGEST_NAME), field="name")
    with writing() as db:
        mine = SavedView.moderator_id == g.moderator.id
        known = db.scalar(select(SavedView).where(mine, SavedView.name == name))
        if known:
            known.filters = filters.query()
        elif (db.scalar(select(func.count()).where(mine)) or 0) >= MOST:
            raise Invalid(_("You have %(most)s views already. Delete one you no longer use.", most=MOST), field="name")
        else:
            db.add(SavedView(moderator_id=g.moderator.id, name=name, filters=filters.query()))
    return redirect(url_for("review.pages.queue", **filters.query()), 303)


@blueprint.post("/views/<view_id>/delete")
def remove(view_id: str) -> ResponseReturnValue:
    """Delete a view of one's own; the queue itself is as before."""
    with writing() as db:
        db.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.moderator_id == g.moderator.id))
    return redirect(url_for("review.pages.queue", **Filters.of(request.args).query()), 303)

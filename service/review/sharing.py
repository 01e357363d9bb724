"""Sharing the work: keep, let go of, take over, hand over, skip."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.errors import Conflict, Forbidden, Invalid
from service.review import claims, skips
from service.review.access import reading, require_to_decide, writing
from service.review.filters import Filters
from service.review.pages import render_item
from service.review.queue import next_item
from service.store.models import Moderator, QueueItem

blueprint = Blueprint("sharing", __name__)
blueprint.before_request(require_to_decide)


@blueprint.post("/items/<item_id>/claim")
def renew(item_id: str) -> ResponseReturnValue:
    """The page is still open: keep its post. 409 where somebody else has it meanwhile."""
    with writing() as db:
        kept = claims.renew(db, item_id, g.moderator.id)
    return "", 204 if kept else 409


@blueprint.post("/items/<item_id>/release")
def release(item_id: str) -> ResponseReturnValue:
    """The page was left: let go of its post."""
    try:
        began = datetime.fromisoformat(request.form.get("began", ""))
    except ValueError:
        return "", 204
    with writing() as db:
        claims.release(db, item_id, g.moderator.id, began)
    return "", 204


@blueprint.post("/items/<item_id>/take-over")
def take_over(item_id: str) -> ResponseReturnValue:
    """Take a post over from whoever has it."""
    return done(item_id, lambda db, me: claims.take_over(db, item_id, me), stay=True)


@blueprint.post("/items/<item_id>/hand-over")
def hand_over(item_id: str) -> ResponseReturnValue:
    """Give a post to a colleague, and go on."""
    return done(item_id, lambda db, me: claims.hand_over(db, item_id, me, request.form.get("to", "")))


@blueprint.post("/items/<item_id>/skip")
def skip(item_id: str) -> ResponseReturnValue:
    """Leave a post to the others, and go on."""
    return done(item_id, lambda db, me: skips.skip(db, item_id, me, request.form.get("reason", "")))


@blueprint.post("/items/<item_id>/unskip")
def unskip(item_id: str) -> ResponseReturnValue:
    """Have a skipped post back."""
    return done(item_id, lambda db, me: skips.unskip(db, item_id, me), stay=True)


def done(item_id: str, act: Callable[[Session, Moderator], object], *, stay: bool = False) -> ResponseReturnValue:
    """Do it, then show the post again or the next one; what is refused is said on the post's page."""
    filters = Filters.of(request.args)
    try:
        with writing() as db:
            me = db.get_one(Moderator, g.moderator.id)
            act(db, me)
            item = db.get(QueueItem, item_id)
            following = item_id if stay else next_item(db, filters, me.id, item) if item else ""
    except (Conflict, Forbidden, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail), error.status
    if following:
        return redirect(url_for("review.pages.item", item_id=following, **filters.query()), 303)
    return redirect(url_for("review.pages.queue", **filters.query()), 303)

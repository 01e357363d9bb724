"""Asking a colleague what they would do with a post, and answering one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.errors import Conflict, Forbidden, Invalid
from service.review import opinions, would
from service.review.access import reading, require_to_decide, writing
from service.review.filters import Filters
from service.review.pages import render_item
from service.review.queue import next_item
from service.store.models import Moderator, QueueItem

blueprint = Blueprint("consulting", __name__)
blueprint.before_request(require_to_decide)


@blueprint.post("/items/<item_id>/ask")
def ask(item_id: str) -> ResponseReturnValue:
    """Ask a colleague, or all of them, and go on to the next post."""
    of, question = request.form.get("to", ""), request.form.get("question", "").replace("\r\n", "\n").strip()
    return _done(item_id, lambda db, me: opinions.ask(db, item_id, me, of, question), go_on=True)


@blueprint.post("/items/<item_id>/ask/take-back")
def take_back(item_id: str) -> ResponseReturnValue:
    """Ask no more."""
    return _done(item_id, lambda db, me: opinions.take_back(db, item_id, me))


@blueprint.post("/items/<item_id>/opinion")
def answer(item_id: str) -> ResponseReturnValue:
    """Say what one would do; nothing is done."""
    return _done(item_id, lambda db, me: opinions.answer(db, item_id, would.version_of_form(), me, would.of_form()))


def _done(item_id: str, act: Callable[[Session, Moderator], object], *, go_on: bool = False) -> ResponseReturnValue:
    """Do it, then show the post again or the next one; what is refused is said on the post's page."""
    filters = Filters.of(request.args)
    try:
        with writing() as db:
            me = db.get_one(Moderator, g.moderator.id)
            act(db, me)
            following = next_item(db, filters, me.id, db.get_one(QueueItem, item_id)) if go_on else item_id
    except (Conflict, Forbidden, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail), error.status
    if following:
        return redirect(url_for("review.pages.item", item_id=following, **filters.query()), 303)
    return redirect(url_for("review.pages.queue", **filters.query()), 303)

"""Asking a colleague what they would do with a post, and answering one."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from service.review import opinions, would
from service.review.access import require_to_decide
from service.review.sharing import done

blueprint = Blueprint("consulting", __name__)
blueprint.before_request(require_to_decide)


@blueprint.post("/items/<item_id>/ask")
def ask(item_id: str) -> ResponseReturnValue:
    """Ask a colleague, or all of them, and go on to the next post."""
    of, question = request.form.get("to", ""), request.form.get("question", "").replace("\r\n", "\n").strip()
    return done(item_id, lambda db, me: opinions.ask(db, item_id, me, of, question))


@blueprint.post("/items/<item_id>/ask/take-back")
def take_back(item_id: str) -> ResponseReturnValue:
    """Ask no more."""
    return done(item_id, lambda db, me: opinions.take_back(db, item_id, me), stay=True)


@blueprint.post("/items/<item_id>/opinion")
def answer(item_id: str) -> ResponseReturnValue:
    """Say what one would do; nothing is done."""
    return done(
        item_id, lambda db, me: opinions.answer(db, item_id, would.version_of_form(), me, would.of_form()), stay=True
    )

"""What a moderator does to a post: decide it, take a decision back."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.errors import Conflict, Forbidden, Invalid
from service.review import opinions, undo, words
from service.review.access import reading, require_to_decide, writing
from service.review.claims import check
from service.review.filters import Filters
from service.review.pages import render_item
from service.review.queue import next_item
from service.store.models import Moderator, QueueItem
from service.verdicts import record_decision, undo_decision
from service.wakeup import wake_deliver

blueprint = Blueprint("decisions", __name__)
blueprint.before_request(require_to_decide)

LONGEST_NOTE = 2000


@blueprint.post("/items/<item_id>/decide")
def decide(item_id: str) -> ResponseReturnValue:
    """Record the decision and go on to the next post; a conflict or a refusal shows the post again, with the note."""
    filters, note = Filters.of(request.args), request.form.get("note", "").replace("\r\n", "\n").strip()
    try:
        following = _decide(item_id, filters, note)
    except (Conflict, Forbidden, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail, note=note), error.status
    wake_deliver()
    if following:
        return redirect(url_for("review.pages.item", item_id=following, **filters.query()), 303)
    return redirect(url_for("review.pages.queue", **filters.query()), 303)


def _decide(item_id: str, filters: Filters, note: str) -> str:
    action, label = request.form.get("action", ""), request.form.get("label", "")
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"The note is too long. Keep it under {LONGEST_NOTE} characters.", field="note")
    if action == "remove" and label not in _removals():
        raise Invalid("Choose what the post is removed for, so that its author can be told.", field="label")
    label = label if action == "remove" else ""
    with writing() as db:
        moderator = db.get_one(Moderator, g.moderator.id)
        check(db, item_id, moderator)
        item = db.get(QueueItem, item_id)
        agreed_by = opinions.proposed_by_another(db, item, moderator) if item else None
        if item and not agreed_by and opinions.needs_second(db, item, action):
            opinions.propose_removal(db, item_id, _version(), moderator, label, note)
            return item_id
        verdict = record_decision(db, item_id, _version(), moderator, action, note, label, agreed_by)
        item = db.get_one(QueueItem, item_id)
        following = next_item(db, filters, moderator.id, item)
        done, version = words.DONE[verdict.action], item.version
    undo.remember(item_id, version, done)
    return following


def _removals() -> set[str]:
    return {value for _, choices in words.removal_labels() for value, _ in choices}


def _version() -> int:
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Invalid("The form was incomplete. Reload the page and decide again.", field="version") from None


@blueprint.post("/items/<item_id>/undo")
def undo_last(item_id: str) -> ResponseReturnValue:
    """Take a decision back, and show the post again."""
    undo.forget()
    try:
        with writing() as db:
            undo_decision(db, item_id, _version(), db.get_one(Moderator, g.moderator.id))
    except (Conflict, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail), error.status
    wake_deliver()
    return redirect(url_for("review.pages.item", item_id=item_id, **Filters.of(request.args).query()), 303)

"""What a moderator does to a post: decide it, take a decision back."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service import author_messages
from service.decisions import Decision, record_decision, undo_decision
from service.errors import Conflict, Forbidden, Invalid
from service.review import opinions, undo, words
from service.review.access import reading, require_to_decide, writing
from service.review.claims import check
from service.review.filters import Filters
from service.review.pages import render_item
from service.review.queue import next_item
from service.store.models import Forum, Moderator, QueueItem, Verdict
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
    decision = wanted(note)
    with writing() as db:
        moderator = db.get_one(Moderator, g.moderator.id)
        check(db, item_id, moderator)
        item = db.get(QueueItem, item_id)
        agreed_by = opinions.proposed_by_another(db, item, moderator) if item else None
        if item and not agreed_by and opinions.needs_second(db, item, decision.action):
            opinions.propose_removal(db, item_id, _version(), moderator, decision.label, note)
            return item_id
        told = _told(db, item, decision) if item else ""
        decision = replace(decision, message=told, agreed_by=agreed_by)
        verdict = record_decision(db, item_id, _version(), moderator, decision)
        item = db.get_one(QueueItem, item_id)
        following = next_item(db, filters, moderator.id, item)
        done, version = words.DONE[verdict.action], item.version
    undo.remember(item_id, version, done)
    return following


def wanted(note: str) -> Decision:
    """The decision in the form; its message is still the one typed. Raises Invalid, which says what is missing."""
    action, label = request.form.get("action", ""), request.form.get("label", "")
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"The note is too long. Keep it under {LONGEST_NOTE} characters.", field="note")
    if action == "remove" and label not in _removals():
        raise Invalid("Choose what the post is removed for, so that its author can be told.", field="label")
    own = request.form.get("message", "").replace("\r\n", "\n").strip()
    if len(own) > author_messages.LONGEST:
        raise Invalid(f"The message is too long. Keep it under {author_messages.LONGEST} characters.", field="message")
    lines = [line.strip() for line in request.form.get("left_out", "").splitlines()]
    return Decision(
        action=action,
        note=note,
        label=label if action == "remove" else "",
        message=own,
        left_out=tuple(line for line in lines if line) if action == "redact" else (),
    )


def _told(db: Session, item: QueueItem, wanted: Decision) -> str:
    """What the author is told: nothing, the usual words for the decision, or the moderator's own."""
    forum, language = db.get_one(Forum, item.forum_id), db.get_one(Verdict, item.verdict_id).revision.language
    if request.form.get("telling") == "nothing" or wanted.action not in author_messages.KINDS:
        return ""
    text = wanted.message or author_messages.usual(db, forum, wanted.action, language)
    return author_messages.fill(text, forum, language, wanted.label)


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

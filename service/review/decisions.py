"""What a moderator does to a post: decide it, take a decision back."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service import appeals, author_messages, recusals
from service.decisions import ACTIONS, UPHOLD, Decision, record_decision, undo_decision
from service.errors import Conflict, Forbidden, Invalid
from service.review import opinions, undo, words
from service.review.access import reading, require_to_decide, writing
from service.review.claims import check
from service.review.filters import Filters
from service.review.pages import render_item
from service.review.queue import next_item
from service.store.models import Forum, Moderator, Post, QueueItem, Verdict
from service.verdicts import current_verdict
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
        if item and (appeal := appeals.open_on(db, item.post_id)):
            # Before a proposal too: whoever is not to decide is not to begin it.
            recusals.check(db, appeal, moderator)
        removes = item and decision.action == "remove"
        agreed_by = opinions.proposed_by_another(db, item, moderator) if removes else None
        if item and not agreed_by and opinions.needs_second(db, item, decision.action):
            opinions.propose_removal(db, item_id, _version(), moderator, decision.label, note)
            return item_id
        told = _told(db, item, decision) if item else ""
        decision = replace(decision, message=told, agreed_by=agreed_by)
        verdict = record_decision(db, item_id, _version(), moderator, decision)
        item = db.get_one(QueueItem, item_id)
        following = next_item(db, filters, moderator.id, item)
        done = _("Decision upheld") if decision.action == UPHOLD else str(words.DONE[verdict.action])
        version = item.version
    undo.remember(item_id, version, done)
    return following


def wanted(note: str) -> Decision:
    """The decision in the form; its message is still the one typed. Raises Invalid, which says what is missing."""
    action, label = request.form.get("action", ""), request.form.get("label", "")
    if len(note) > LONGEST_NOTE:
        raise Invalid(_("The note is too long. Keep it under %(most)s characters.", most=LONGEST_NOTE), field="note")
    if action == "remove" and label not in _removals():
        raise Invalid(_("Choose what the post is removed for, so that its author can be told."), field="label")
    own = request.form.get("message", "").replace("\r\n", "\n").strip()
    if len(own) > author_messages.LONGEST:
        too_long = _("The message is too long. Keep it under %(most)s characters.", most=author_messages.LONGEST)
        raise Invalid(too_long, field="message")
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
    standing = _appealed(db, item)
    kind = _occasion(wanted.action, standing.action) if standing else wanted.action
    if request.form.get("telling") == "nothing" or kind not in author_messages.KINDS:
        return ""
    text = wanted.message or author_messages.usual(db, forum, kind, language)
    label = standing.document.get("removed_for", "") if standing and kind == "upheld" else wanted.label
    return author_messages.fill(text, forum, language, label)


def _appealed(db: Session, item: QueueItem) -> Verdict | None:
    """What stands, where its author appeals it."""
    if appeals.open_on(db, item.post_id) is None:
        return None
    return current_verdict(db, db.get_one(Post, item.post_id))


def _occasion(action: str, standing: str) -> str:
    """The words for a decision on an appeal: those of its outcome, or of what is done instead."""
    same = action != "redact" and ACTIONS.get(action) == standing
    return "upheld" if action == UPHOLD or same else "granted" if action == "approve" else action


def _removals() -> set[str]:
    return {value for _, choices in words.removal_labels() for value, _ in choices}


def _version() -> int:
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Invalid(_("The form was incomplete. Reload the page and decide again."), field="version") from None


@blueprint.post("/items/<item_id>/undo")
def undo_last(item_id: str) -> ResponseReturnValue:
    """Take a decision back, and show the post again."""
    undo.forget()
    try:
        with writing() as db:
            undo_decision(db, item_id, _version(), db.get_one(Moderator, g.moderator.id))
    except (Conflict, Forbidden, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail), error.status
    wake_deliver()
    return redirect(url_for("review.pages.item", item_id=item_id, **Filters.of(request.args).query()), 303)

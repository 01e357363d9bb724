"""Care for authors in the console: what is done for one, beside the decision on their post, and all who wait for us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service import author_messages, care
from service.erasure.missing import missing
from service.errors import Conflict, Invalid
from service.review import words
from service.review.access import reading, require_to_decide, writing
from service.review.errors import page as error_page
from service.review.filters import Filters
from service.review.pages import render_item
from service.store.models import Care, Forum, Moderator, QueueItem, Revision, Verdict, now
from service.wakeup import wake_deliver

blueprint = Blueprint("caring", __name__)


@dataclass(frozen=True)
class Case:
    """An author whom somebody cares for."""

    care: Care
    item: QueueItem
    revision: Revision
    gone: bool
    """Whether the post is no longer there; its author still is."""

    @property
    def due(self) -> bool:
        return self.care.check_in_at is not None and self.care.check_in_at <= now()


@blueprint.get("/care")
def cases() -> ResponseReturnValue:
    """Everybody whose case is open, who is to be looked after first at the top."""
    with reading() as db:
        found = [Case(each, item, revision, item.state == "withdrawn") for each, item, revision in care.open_cases(db)]
    return render_template("review/care.html", cases=found, outcomes=words.OUTCOMES)


@blueprint.post("/items/<item_id>/care")
def do(item_id: str) -> ResponseReturnValue:
    """One step of care, by `step` in the form."""
    require_to_decide()
    steps = {
        "help": _send_help,
        "reply": care.note_reply,
        "check-in": care.plan_check_in,
        "close": lambda db, item, me: care.close(db, item, me, request.form.get("outcome", "")),
    }
    try:
        step = steps.get(request.form.get("step", ""))
        if step is None:
            raise Invalid(_("The form was incomplete. Reload the page and try again."), field="step")
        with writing() as db:
            step(db, item_id, db.get_one(Moderator, g.moderator.id))
    except (Conflict, Invalid) as error:
        with reading() as db:
            if _is_gone(db, item_id):
                return error_page(error), error.status
            return render_item(db, item_id, problem=error.detail), error.status
    wake_deliver()
    with reading() as db:
        if request.form.get("from") == "cases" or _is_gone(db, item_id):
            return redirect(url_for("review.caring.cases"), 303)
    return redirect(url_for("review.pages.item", item_id=item_id, **Filters.of(request.args).query()) + "#care", 303)


def _is_gone(db: Session, item_id: str) -> bool:
    """Whether the post has no page any more; its author's case still stands on the list."""
    item = db.get(QueueItem, item_id)
    return item is not None and item.state == "withdrawn"


def _send_help(db: Session, item_id: str, me: Moderator) -> Any:
    message = request.form.get("help", "").replace("\r\n", "\n").strip()
    if not message or len(message) > author_messages.LONGEST:
        most = author_messages.LONGEST
        raise Invalid(_("Write to the author, in at most %(most)s characters.", most=most), field="help")
    item = db.get(QueueItem, item_id)
    if item is None:
        raise missing(db, item_id)
    forum, language = db.get_one(Forum, item.forum_id), db.get_one(Verdict, item.verdict_id).revision.language
    return care.send_help(db, item_id, me, author_messages.fill(message, forum, language))

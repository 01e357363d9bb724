"""The words that authors are sent, for leads to change."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service import author_messages
from service.errors import Invalid, RequestError
from service.review.access import forum_to_lead, reading, require_somewhere, writing
from service.review.errors import page as error_page
from service.store.models import Forum, Moderator

blueprint = Blueprint("messages", __name__, url_prefix="/messages")


@blueprint.before_request
def _leads_only() -> None:
    require_somewhere("lead")


@blueprint.errorhandler(RequestError)
def _refused(error: RequestError) -> ResponseReturnValue:
    return error_page(error), error.status


@blueprint.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """A forum's words in one language."""
    with reading() as db:
        return _page(db, forum_to_lead(db, slug))


@blueprint.post("/<slug>")
def save(slug: str) -> ResponseReturnValue:
    """Keep the words; a mistake shows them again as they were typed."""
    try:
        with writing() as db:
            forum, me = forum_to_lead(db, slug), db.get_one(Moderator, g.moderator.id)
            for kind in author_messages.KINDS:
                author_messages.change(db, forum, kind, _language(), request.form.get(kind, ""), me)
    except Invalid as error:
        with reading() as db:
            return _page(db, forum_to_lead(db, slug), error.detail), error.status
    return redirect(url_for("review.messages.show", slug=slug, language=_language(), saved="yes"), 303)


def _page(db: Session, forum: Forum, problem: str = "") -> str:
    language = _language()
    texts = author_messages.all_usual(db, forum, language)
    if problem:
        texts |= {kind: request.form.get(kind, "") for kind in texts}
    return render_template(
        "review/messages.html",
        forum=forum,
        language=language,
        languages=author_messages.languages(),
        texts=texts,
        problem=problem,
        saved=bool(request.args.get("saved")),
    )


def _language() -> str:
    language = request.values.get("language", "")
    return language if language in author_messages.languages() else author_messages.DEFAULT_LANGUAGE

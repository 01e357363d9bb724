"""The page behind an invitation's link: a name and a password for somebody new, a new password for who lost theirs."""

from __future__ import annotations

from flask import Blueprint, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.errors import Conflict, Invalid
from service.people import invitations
from service.review import words
from service.review.attempts import count_attempt
from service.review.login import let_in
from service.settings import settings
from service.store import store
from service.store.models import Forum, Moderator

blueprint = Blueprint("joining", __name__)


@blueprint.get("/join/<token>")
def show(token: str) -> ResponseReturnValue:
    """What the link is for."""
    count_attempt()
    session["joining"] = token
    return _page(token)


@blueprint.post("/join/<token>")
def join(token: str) -> ResponseReturnValue:
    """Join, or get back in, and be logged in."""
    count_attempt()
    name = request.form.get("name", "")
    try:
        with store().write() as db:
            person = invitations.accept(db, token, name=name, password=request.form.get("password", ""))
    except (Invalid, Conflict) as error:
        return _page(token, name=name, problem=error.detail), error.status
    return let_in(person, "an invitation")


def _page(token: str, *, name: str = "", problem: str = "") -> str:
    with store().write() as db:
        invitation = invitations.find(db, token)
        back = db.get_one(Moderator, invitation.moderator_id).name if invitation.moderator_id else ""
        forum = db.get_one(Forum, invitation.forum_id).name if invitation.forum_id else _("all forums")
    return render_template(
        "review/joining.html",
        token=token,
        back=back,
        forum=forum,
        role=words.ROLES.get(invitation.role, ""),
        sign_on=settings().oidc_name if settings().oidc_issuer and not back else "",
        name=name,
        problem=problem,
    )

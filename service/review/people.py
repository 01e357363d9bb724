"""The people of the console, for admins: who may do what where, invitations, and the way back in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Forbidden, NotFound, RequestError
from service.people import invitations, logins
from service.people.roles import ROLES, Access, access_of, keep_an_admin, set_role
from service.review import words
from service.review.access import reading, require, require_somewhere, writing
from service.review.errors import page as error_page
from service.settings import settings
from service.store.models import Forum, Invitation, LoginSession, Membership, Moderator

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.before_request
def _admins_only() -> None:
    require_somewhere("admin")


@dataclass(frozen=True)
class Person:
    """One person as the page shows them. `roles`: the forum's name and the role, a key of `words.ROLES`."""

    id: str
    name: str
    alias: str
    active: bool
    second_factor: bool
    sign_on: bool
    seen: datetime | None
    access: Access
    roles: list[tuple[str, str]]


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Everybody who has a role on a forum of this admin."""
    return _page()


def _page(problem: str = "", link: str = "", link_for: str = "") -> str:
    with reading() as db:
        forums = _forums(db)
        people = _people(db, forums)
        invited = invitations.open_ones(db, g.access.forums("admin"))
    return render_template(
        "review/people.html",
        people=[each for each in people if _is_near(each.access)],
        invited=[(each, forums.get(each.forum_id or "", _("All forums")), who) for each, who in invited],
        places=_places(forums),
        roles=words.ROLES,
        role_names=words.ROLE_NAMES,
        problem=problem,
        link=link,
        link_for=link_for,
        lasts=words.span(invitations.LASTS),
    )


@blueprint.errorhandler(RequestError)
def _refused(error: RequestError) -> ResponseReturnValue:
    return (_page(error.detail) if g.access.may_somewhere("admin") else error_page(error)), error.status


@blueprint.post("/invite")
def invite() -> ResponseReturnValue:
    """Make a link for somebody new, shown once."""
    forum_id = request.form.get("forum", "") or None
    require("admin", forum_id)
    with writing() as db:
        token = invitations.invite(db, forum_id, request.form.get("role", ""), by=g.moderator.id)
    return _page(link=_link(token), link_for=_("somebody new"))


@blueprint.post("/invitations/<invitation_id>/revoke")
def revoke(invitation_id: str) -> ResponseReturnValue:
    """A link that was sent to the wrong person lets nobody in."""
    with writing() as db:
        known = db.get(Invitation, invitation_id)
        if known is None or not g.access.may("admin", known.forum_id):
            raise NotFound(_("This link lets nobody in any more."))
        invitations.revoke(db, known, by=g.moderator.id)
    return redirect(url_for("review.people.show"), 303)


@blueprint.get("/<person_id>")
def person(person_id: str) -> ResponseReturnValue:
    """One person: their roles, and what can be done for them."""
    with reading() as db:
        forums = _forums(db)
        near = _near(db, person_id)
        (found,) = _people(db, forums, near.id)
    return render_template(
        "review/person.html",
        person=found,
        places=_places(forums),
        roles=words.ROLES,
        whole=g.access.covers(found.access),
    )


@blueprint.post("/<person_id>/role")
def change_role(person_id: str) -> ResponseReturnValue:
    """Give a role on one forum or on all, or take it away."""
    forum_id = request.form.get("forum", "") or None
    require("admin", forum_id)
    with writing() as db:
        set_role(db, _near(db, person_id), forum_id, request.form.get("role", ""), by=g.moderator.id)
    return redirect(url_for("review.people.person", person_id=person_id), 303)


@blueprint.post("/<person_id>/active")
def change_active(person_id: str) -> ResponseReturnValue:
    """Close an account, which ends its logins at once, or open it again."""
    active = request.form.get("active") == "yes"
    with writing() as db:
        found = _mine(db, person_id)
        if not active and access_of(db, found.id).may("admin", None):
            keep_an_admin(db, found)
        found.active = active
        logins.end(db, found.id)
        audit.write(db, "opened_account" if active else "closed_account", moderator_id=g.moderator.id, person=found.id)
    return redirect(url_for("review.people.person", person_id=person_id), 303)


@blueprint.post("/<person_id>/reset")
def reset(person_id: str) -> ResponseReturnValue:
    """Make a link by which somebody chooses a new password, shown once."""
    with writing() as db:
        found = _mine(db, person_id)
        token = invitations.invite_back(db, found, by=g.moderator.id)
    return _page(link=_link(token), link_for=found.name)


@blueprint.post("/<person_id>/log-out")
def log_out(person_id: str) -> ResponseReturnValue:
    """End every login of somebody."""
    with writing() as db:
        found = _mine(db, person_id)
        logins.end(db, found.id)
        audit.write(db, "ended_logins", moderator_id=g.moderator.id, person=found.id)
    return redirect(url_for("review.people.person", person_id=person_id), 303)


def _link(token: str) -> str:
    return f"{settings().public_url.rstrip('/')}{url_for('review.joining.show', token=token)}"


def _near(db: Session, person_id: str) -> Moderator:
    """Somebody whom this admin may see."""
    found = db.get(Moderator, person_id)
    if found is None or not _is_near(access_of(db, person_id)):
        raise NotFound(_("There is nobody of this name any more. Reload the list of people."))
    return found


def _is_near(access: Access) -> bool:
    """Whether the person works where this admin is one."""
    mine = g.access.forums("admin")
    return mine is None or None in access.roles or bool(mine & access.roles.keys())


def _mine(db: Session, person_id: str) -> Moderator:
    """Somebody whose whole account this admin may change. Raises Forbidden for a colleague of other forums too."""
    found = _near(db, person_id)
    if not g.access.covers(access_of(db, found.id)):
        raise Forbidden(_("This person works on forums that you are no admin of. Ask an admin of all forums."))
    return found


def _forums(db: Session) -> dict[str, str]:
    return {known: name for known, name in db.execute(select(Forum.id, Forum.name).order_by(Forum.name))}


def _places(forums: dict[str, str]) -> list[tuple[str, str]]:
    """Where this admin may give roles: value and words."""
    everywhere = [("", _("All forums"))] if g.access.may("admin", None) else []
    return everywhere + [(known, name) for known, name in forums.items() if g.access.may("admin", known)]


def _people(db: Session, forums: dict[str, str], only: str = "") -> list[Person]:
    """Everybody by name, or the person of this id alone."""
    wanted = select(Moderator).order_by(Moderator.name)
    found = list(db.scalars(wanted.where(Moderator.id == only) if only else wanted))
    held: dict[str, dict[str | None, str]] = defaultdict(dict)
    for known in db.scalars(select(Membership)):
        held[known.moderator_id][known.forum_id] = known.role
    last = select(LoginSession.moderator_id, func.max(LoginSession.seen_at)).group_by(LoginSession.moderator_id)
    seen = {who: when for who, when in db.execute(last)}
    return [_person(each, Access(held[each.id]), seen.get(each.id), forums) for each in found]


def _person(found: Moderator, access: Access, seen: datetime | None, forums: dict[str, str]) -> Person:
    roles = sorted(access.roles.items(), key=lambda held: (held[0] is not None, -ROLES.index(held[1])))
    places = [(forums.get(known, _("Another forum")) if known else _("All forums"), role) for known, role in roles]
    return Person(
        id=found.id,
        name=found.name,
        alias=found.alias,
        active=found.active,
        second_factor=bool(found.totp_secret),
        sign_on=bool(found.sign_on),
        seen=seen,
        access=access,
        roles=places,
    )

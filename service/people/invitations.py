"""Invitations: a link, good once and for three days, for somebody new or for somebody who lost their password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Invalid, NotFound
from service.people import logins, second_factor
from service.people.accounts import add_moderator, hash_password
from service.people.roles import ROLES, access_of, set_role
from service.store.models import Forum, Invitation, Moderator, now

LASTS = timedelta(days=3)


def invite(session: Session, forum_id: str | None, role: str, *, by: str | None) -> str:
    """The secret of a new invitation to a forum, or to every forum for None. Raises Invalid for what is no role or forum."""
    if role not in ROLES:
        raise Invalid(_("Choose one of %(choices)s.", choices=", ".join(ROLES)), field="role")
    if forum_id is not None and session.get(Forum, forum_id) is None:
        raise Invalid(_("Choose a forum of the list."), field="forum")
    token = _add(session, Invitation(forum_id=forum_id, role=role, made_by=by))
    audit.write(session, "invited", moderator_id=by, forum=forum_id, role=role)
    return token


def invite_back(session: Session, person: Moderator, *, by: str | None) -> str:
    """The secret of a link by which somebody chooses a new password; an earlier one is worth nothing any more."""
    session.execute(delete(Invitation).where(Invitation.moderator_id == person.id))
    token = _add(session, Invitation(moderator_id=person.id, made_by=by))
    audit.write(session, "invited_back", moderator_id=by, person=person.id)
    return token


def find(session: Session, token: str) -> Invitation:
    """Raises NotFound where the link was used, is too old or never was, or whoever made it could not make it any more."""
    session.execute(delete(Invitation).where(Invitation.expires_at < now()))
    known = session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)).with_for_update())
    if known is None or not _still_holds(session, known):
        raise NotFound(_("This link was used already or is too old. Ask the person who sent it for a new one."))
    return known


def _still_holds(session: Session, invitation: Invitation) -> bool:
    """Whether its maker is still here, and an admin of where it leads. One made on the machine itself always holds."""
    if invitation.made_by is None:
        return True
    maker, access = session.get_one(Moderator, invitation.made_by), access_of(session, invitation.made_by)
    if invitation.moderator_id:
        return maker.active and access.covers(access_of(session, invitation.moderator_id))
    return maker.active and access.may("admin", invitation.forum_id)


def open_ones(session: Session, forums: frozenset[str] | None) -> list[tuple[Invitation, str]]:
    """Links that still let somebody in, to these forums or, for None, to all, with the name of who made them."""
    query = select(Invitation, Moderator).outerjoin(Moderator, Moderator.id == Invitation.made_by)
    query = query.where(Invitation.expires_at >= now(), Invitation.moderator_id.is_(None))
    query = query.where(Invitation.forum_id.in_(forums)) if forums is not None else query
    return [(each, who.called if who else "") for each, who in session.execute(query.order_by(Invitation.expires_at))]


def revoke(session: Session, invitation: Invitation, *, by: str) -> None:
    """The link is worth nothing any more."""
    audit.write(session, "revoked_invitation", moderator_id=by, forum=invitation.forum_id, role=invitation.role)
    session.delete(invitation)


def accept(session: Session, token: str, *, name: str = "", password: str = "", sign_on: str = "") -> Moderator:
    """Join, or get back in, with a password or with a sign-on elsewhere. Raises as `find` and `add_moderator` do."""
    invitation = find(session, token)
    if invitation.moderator_id:
        person = session.get_one(Moderator, invitation.moderator_id)
        person.password_hash = hash_password(password, person.name)
        # Whoever lost their telephone with the codes could not get in otherwise.
        second_factor.remove(session, person)
        logins.end(session, person.id)
        audit.write(session, "came_back", moderator_id=person.id)
    else:
        person = add_moderator(session, name, password, sign_on=sign_on)
        set_role(session, person, invitation.forum_id, invitation.role)
        detail = {"forum": invitation.forum_id, "role": invitation.role, "invited_by": invitation.made_by}
        audit.write(session, "joined", moderator_id=person.id, **detail)
    session.delete(invitation)
    return person


def _add(session: Session, invitation: Invitation) -> str:
    token = secrets.token_urlsafe(24)
    invitation.token_hash, invitation.expires_at = _hash(token), now() + LASTS
    session.add(invitation)
    session.flush()
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

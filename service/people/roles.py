"""Roles: what a person may do on one forum, or on all of them.

A viewer reads the queue. A moderator decides. A lead also sets the forum's policy and its words to authors. An admin also
looks after the people.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from service import audit
from service.errors import Conflict, Invalid
from service.store.models import Forum, Membership, Moderator

ROLES = ("viewer", "moderator", "lead", "admin")
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Access:
    """The roles of one person. `roles` is by forum id; None stands for every forum."""

    roles: dict[str | None, str]

    def may(self, role: str, forum_id: str | None) -> bool:
        """Whether they have the role, or a higher one, on the forum; None asks for every forum."""
        held = [self.roles[known] for known in {None, forum_id} if known in self.roles]
        return any(ROLES.index(each) >= ROLES.index(role) for each in held)

    def covers(self, other: Access) -> bool:
        """Whether they are an admin wherever the other has a role; of somebody without a role, an admin of all forums."""
        return all(self.may("admin", forum_id) for forum_id in other.roles or {None: ""})

    def may_somewhere(self, role: str) -> bool:
        return any(ROLES.index(held) >= ROLES.index(role) for held in self.roles.values())

    def forums(self, role: str = "viewer") -> frozenset[str] | None:
        """Ids of the forums they have the role on, or a higher one; None for every forum."""
        if self.may(role, None):
            return None
        return frozenset(known for known in self.roles if known is not None and self.may(role, known))


def access_of(session: Session, moderator_id: str) -> Access:
    """What the person of this id may do."""
    query = select(Membership.forum_id, Membership.role).where(Membership.moderator_id == moderator_id)
    return Access({forum_id: role for forum_id, role in session.execute(query)})


def people_who_may(role: str, forum_id: str | ColumnElement[str]) -> Select[tuple[str]]:
    """Ids of the active people who have the role, or a higher one, on the forum: of this id, or of a query's column."""
    enough = ROLES[ROLES.index(role) :]
    here = Membership.forum_id.is_(None) | (Membership.forum_id == forum_id)
    return (
        select(Moderator.id)
        .join(Membership, Membership.moderator_id == Moderator.id)
        .where(Moderator.active, Membership.role.in_(enough), here)
    )


def set_role(session: Session, person: Moderator, forum_id: str | None, role: str, *, by: str | None = None) -> None:
    """Give the person a role on a forum, or on every forum for None; an empty role takes it away.

    Raises Invalid for what is no role or no forum, Conflict where nobody would be left to look after the people.
    """
    if role and role not in ROLES:
        raise Invalid(_("Choose one of %(choices)s.", choices=", ".join(ROLES)), field="role")
    if forum_id is not None and session.get(Forum, forum_id) is None:
        raise Invalid(_("Choose a forum of the list."), field="forum")
    place = Membership.forum_id == forum_id if forum_id else Membership.forum_id.is_(None)
    known = session.scalar(select(Membership).where(Membership.moderator_id == person.id, place))
    if forum_id is None and known and known.role == "admin" and role != "admin":
        keep_an_admin(session, person)
    if known and role:
        known.role = role
    elif known:
        session.delete(known)
    elif role:
        session.add(Membership(moderator_id=person.id, forum_id=forum_id, role=role))
    session.flush()
    if by:
        audit.write(session, "set_role", moderator_id=by, person=person.id, forum=forum_id, role=role)


def keep_an_admin(session: Session, person: Moderator) -> None:
    """Raises Conflict where the person is the last active admin of every forum."""
    # Two who step down at once take turns.
    session.execute(update(Membership).where(Membership.role == "admin").values(role="admin"))
    others = select(Moderator.id).join(Membership, Membership.moderator_id == Moderator.id)
    others = others.where(Moderator.active, Membership.forum_id.is_(None), Membership.role == "admin")
    if session.scalar(others.where(Moderator.id != person.id).limit(1)) is None:
        raise Conflict(
            _("Nobody else could look after the people then. Make somebody else an admin of all forums first.")
        )

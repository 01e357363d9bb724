"""People of the console, for its tests."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.people.accounts import add_moderator
from service.people.roles import set_role
from service.store.models import Moderator

PASSWORD = "correct horse battery staple"


def add_person(
    session: Session, name: str, role: str = "moderator", *, forum_id: str | None = None, password: str = PASSWORD
) -> Moderator:
    """Somebody with a role on a forum, or on all of them."""
    person = add_moderator(session, name, password)
    set_role(session, person, forum_id, role)
    return person


def person(store, name: str) -> str:
    """The id of somebody by their name."""
    with store.read() as session:
        return session.scalar(select(Moderator.id).where(Moderator.name == name))

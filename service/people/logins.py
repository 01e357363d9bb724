"""Logins: one for each browser somebody is logged in with, listed for them and ended by them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, not_, select
from sqlalchemy.orm import Session

from service.settings import settings
from service.store.models import LoginSession, Moderator, now

NOTED = timedelta(minutes=2)
"""How exactly it is noted when a login was last used."""
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def begin(session: Session, moderator: Moderator, user_agent: str) -> LoginSession:
    """Log somebody in with one more browser."""
    session.execute(delete(LoginSession).where(not_(_lasts())))
    login = LoginSession(moderator_id=moderator.id, device=device(user_agent))
    session.add(login)
    session.flush()
    return login


def find(session: Session, login_id: str) -> tuple[LoginSession, Moderator] | None:
    """The login of this id and whose it is, while it lasts and the account is open."""
    query = select(LoginSession, Moderator).join(Moderator, Moderator.id == LoginSession.moderator_id)
    wanted = query.where(LoginSession.id == login_id, Moderator.active, _lasts())
    found = session.execute(wanted).first()
    return (found[0], found[1]) if found else None


def of_person(session: Session, moderator_id: str) -> list[LoginSession]:
    """Somebody's logins, the one used last first."""
    mine = select(LoginSession).where(LoginSession.moderator_id == moderator_id, _lasts())
    return list(session.scalars(mine.order_by(LoginSession.seen_at.desc())))


def end(session: Session, moderator_id: str, *, only: str = "", but: str = "") -> None:
    """Log somebody out everywhere, or of the login `only`, or of all of them but one."""
    ended = delete(LoginSession).where(LoginSession.moderator_id == moderator_id, LoginSession.id != but)
    session.execute(ended.where(LoginSession.id == only) if only else ended)


def _lasts() -> ColumnElement[bool]:
    """Whether a login is neither left alone nor kept for too long."""
    idle = timedelta(hours=settings().login_idle_timeout_hours)
    absolute = timedelta(days=settings().login_absolute_timeout_days)
    return and_(LoginSession.seen_at > now() - idle, LoginSession.created_at > now() - absolute)


def device(user_agent: str) -> str:
    """What a browser says of itself, as its owner knows it."""
    browser = next((said for mark, said in BROWSERS if mark in user_agent), "A browser")
    system = next((f" on {said}" for mark, said in SYSTEMS if mark in user_agent), "")
    return browser + system

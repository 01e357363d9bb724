"""Moderators' accounts: added, and told from one another by password (argon2id)."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.errors import Conflict, Invalid
from service.store.models import Moderator

ROLES = ("moderator", "admin")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
"""Hashing costs time by length; nobody types more."""
LONGEST_NAME = 80

_hasher = PasswordHasher()


def add_moderator(session: Session, name: str, password: str, role: str = "moderator") -> Moderator:
    """Add a moderator, `role` being "moderator" or "admin". Names are kept in lower case: "Robin" logs in as "robin".

    Raises Invalid for a name, password or role that can't be used, Conflict for a name that is taken.
    """
    name = clean_name(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"Give a name of 1 to {LONGEST_NAME} printable characters.", field="name")
    if role not in ROLES:
        raise Invalid(f"Choose one of {', '.join(ROLES)}.", field="role")
    if session.scalar(select(Moderator.id).where(Moderator.name == name)):
        raise Conflict("There is a moderator of this name already. Choose another name.")
    moderator = Moderator(name=name, password_hash=hash_password(password, name), role=role)
    session.add(moderator)
    session.flush()
    return moderator


def check_password(session: Session, name: str, password: str) -> Moderator | None:
    """The moderator of this name if the password is theirs and the account is active, else None.

    An unknown name takes as long as a wrong password, so that time tells nobody who works here.
    """
    moderator = session.scalar(select(Moderator).where(Moderator.name == clean_name(name)))
    known = moderator.password_hash if moderator else _nobodys_hash()
    matches = len(password) <= LONGEST_PASSWORD and _verify(known, password)
    return moderator if moderator and matches and moderator.active else None


def end_sessions(session: Session, moderator_id: str) -> None:
    """Log a moderator out everywhere: a session of an older epoch counts no more."""
    epoch = Moderator.session_epoch + 1
    session.execute(update(Moderator).where(Moderator.id == moderator_id).values(session_epoch=epoch))


def clean_name(name: str) -> str:
    """One spelling for a name however it was typed: composed, in lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def hash_password(password: str, name: str) -> str:
    """The argon2id hash. Raises Invalid for a password that is too easy or too long."""
    if len(password) < SHORTEST_PASSWORD or clean_name(password) == name:
        raise Invalid(
            f"Use a password of {SHORTEST_PASSWORD} characters or more that is not the name; a few words do well.",
            field="password",
        )
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(f"Use a password of {LONGEST_PASSWORD} characters or fewer.", field="password")
    return _hasher.hash(password)


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("no account has this password")

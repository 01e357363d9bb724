"""Accounts: added, and told from one another by password (argon2id)."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.errors import Conflict, Invalid, NotFound
from service.store.models import Moderator

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
"""Hashing costs time by length; nobody types more."""
LONGEST_NAME = 80

_hasher = PasswordHasher()


def add_moderator(session: Session, name: str, password: str = "", *, sign_on: str = "") -> Moderator:
    """Add a person, who may do nothing yet: `set_role` gives them a role. Names are kept in lower case: "Robin" logs in as
    "robin". Whoever has a `sign_on` elsewhere needs no password.

    Raises Invalid for a name or password that can't be used, Conflict for a name that is taken.
    """
    name = clean_name(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(_("Give a name of 1 to %(most)s printable characters.", most=LONGEST_NAME), field="name")
    hashed = hash_password(password, name) if password or not sign_on else ""
    if session.scalar(select(Moderator.id).where(Moderator.name == name)):
        raise Conflict(_("Somebody has this name already. Choose another name."))
    moderator = Moderator(name=name, password_hash=hashed, sign_on=sign_on or None)
    session.add(moderator)
    session.flush()
    return moderator


def find_moderator(session: Session, name: str) -> Moderator:
    """Raises NotFound where nobody has this name."""
    moderator = session.scalar(select(Moderator).where(Moderator.name == clean_name(name)))
    if moderator is None:
        raise NotFound(_("Nobody of the console has this name."))
    return moderator


def check_password(session: Session, name: str, password: str) -> Moderator | None:
    """The moderator of this name if the password is theirs and the account is active, else None.

    An unknown name takes as long as a wrong password, so that time tells nobody who works here.
    """
    moderator = session.scalar(select(Moderator).where(Moderator.name == clean_name(name)))
    known = (moderator.password_hash if moderator else "") or _nobodys_hash()
    matches = len(password) <= LONGEST_PASSWORD and _verify(known, password)
    return moderator if moderator and matches and moderator.active else None


def has_older_hash(moderator: Moderator) -> bool:
    """Whether the password is kept by other parameters of argon2 than those of today."""
    return _hasher.check_needs_rehash(moderator.password_hash)


def hash_anew(session: Session, moderator: Moderator, password: str) -> None:
    """Keep the password, which was just right, by today's parameters. One that was changed meanwhile stays."""
    before, moderator.password_hash = moderator.password_hash, _hasher.hash(password)
    unchanged = update(Moderator).where(Moderator.id == moderator.id, Moderator.password_hash == before)
    session.execute(unchanged.values(password_hash=moderator.password_hash))


def clean_name(name: str) -> str:
    """One spelling for a name however it was typed: composed, in lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def hash_password(password: str, name: str) -> str:
    """The argon2id hash. Raises Invalid for a password that is too easy or too long."""
    if len(password) < SHORTEST_PASSWORD or clean_name(password) == name:
        raise Invalid(
            _(
                "Use a password of %(least)s characters or more that is not the name; a few words do well.",
                least=SHORTEST_PASSWORD,
            ),
            field="password",
        )
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(_("Use a password of %(most)s characters or fewer.", most=LONGEST_PASSWORD), field="password")
    return _hasher.hash(password)


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


def prepare() -> None:
    """Have at hand what unknown names are checked against: made for the first of them, it would tell by its time."""
    _nobodys_hash()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("no account has this password")

"""The demo's own forum and moderator: found again by the next run, with fresh secrets each time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.forums import add_forum
from service.keys import hash_key
from service.people import logins
from service.people.accounts import add_moderator, hash_password
from service.people.roles import set_role
from service.store.models import Forum, Moderator

SLUG = "demo"
NAME = "demo"


@dataclass(frozen=True)
class Account:
    """What the demo signs with and what it prints."""

    forum: str
    api_key: str
    webhook_secret: str
    moderator: str
    password: str


def prepare(session: Session) -> Account:
    """Find or make the forum and the moderator; the API key and the password are new."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    forum, api_key = _forum(session)
    _moderator(session, password)
    return Account(SLUG, api_key, forum.webhook_secret, NAME, password)


def _forum(session: Session) -> tuple[Forum, str]:
    forum = session.scalar(select(Forum).where(Forum.slug == SLUG))
    if forum is None:
        new = add_forum(session, SLUG, "Demo forum")
        return new.forum, new.api_key
    # The old key was shown once and is stored nowhere.
    api_key = f"heed_{secrets.token_urlsafe(32)}"
    forum.api_key_hash = hash_key(api_key)
    return forum, api_key


def _moderator(session: Session, password: str) -> None:
    moderator = session.scalar(select(Moderator).where(Moderator.name == NAME))
    if moderator is None:
        set_role(session, add_moderator(session, NAME, password), None, "admin")
        return
    moderator.password_hash, moderator.active = hash_password(password, NAME), True
    logins.end(session, moderator.id)

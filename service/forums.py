"""Forums that send us posts: added with secrets of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Conflict, Invalid, NotFound
from service.keys import hash_key, new_api_key, new_discourse_secret, new_secret
from service.store.models import Forum

SHORTEST = 16
"""Characters of a secret that others make."""
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class NewForum:
    """A forum just added. `api_key` is shown once; the database holds its hash."""

    forum: Forum
    api_key: str


def add_forum(session: Session, slug: str, name: str, *, callback_url: str = "", region: str = "GB") -> NewForum:
    """Add a forum with fresh secrets. `region` is the ISO 3166 country whose crisis resources its authors get.

    Raises Invalid for a slug that can't stand in a URL, Conflict for one that is taken.
    """
    if not SLUG.fullmatch(slug):
        raise Invalid("Use lower-case letters, digits and hyphens for the forum's slug, 63 at most.", field="slug")
    if session.scalar(select(Forum.id).where(Forum.slug == slug)):
        raise Conflict(f"There is a forum {slug} already. Choose another slug.")
    api_key = new_api_key()
    forum = Forum(
        slug=slug,
        name=name,
        region=region.upper(),
        callback_url=callback_url,
        api_key_hash=hash_key(api_key),
        webhook_secret=new_secret(),
        discourse_secret=new_discourse_secret(),
        callback_secret=new_secret(),
    )
    session.add(forum)
    session.flush()
    return NewForum(forum, api_key)


def find_forum(session: Session, slug: str) -> Forum:
    """Raises NotFound for a slug that no forum has."""
    forum = session.scalar(select(Forum).where(Forum.slug == slug))
    if forum is None:
        raise NotFound(f"There is no forum {slug}. `heed forum add {slug}` makes one.")
    return forum


def set_coral_secret(session: Session, slug: str, secret: str) -> None:
    """Keep the secret that the forum's Coral signs by; empty: none does. Raises Invalid for one that is none of Coral's."""
    if len(secret) > 200 or not secret.isascii() or (secret and len(secret) < SHORTEST):
        raise Invalid(
            f"This is no secret: it has {SHORTEST} to 200 characters. Copy it from Coral's page.", field="secret"
        )
    forum = find_forum(session, slug)
    forum.coral_secret = secret
    audit.write(session, "rotated_key", forum=forum.id, kind="coral", until=None)


def act_through_discourse(session: Session, forum: Forum, address: str, user: str, key: str, *, flags: bool) -> None:
    """Have verdicts carried out on the Discourse at `address` by one of its accounts, instead of sent as callbacks."""
    forum.callback_url, forum.discourse_user, forum.discourse_key = address.rstrip("/"), user, key
    forum.discourse_flags, forum.callback_disabled = flags, ""
    forum.discourse_asked_at = forum.discourse_known_at = None
    audit.write(session, "connected_discourse", forum=forum.id, user=user)


def leave_discourse(session: Session, forum: Forum) -> None:
    """Do nothing on its Discourse from now on; its key is forgotten."""
    forum.callback_url = forum.discourse_user = forum.discourse_key = ""
    audit.write(session, "left_discourse", forum=forum.id)

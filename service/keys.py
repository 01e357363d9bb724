"""A forum's keys: made, changed for new ones without a gap, looked up.

An API key stands in the database as its hash. The secrets stand there as they are, for who signs or checks a signature has
to have them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Invalid
from service.store import Store
from service.store.models import Forum, RetiredKey, now

LONGEST = timedelta(days=90)
"""How long an old key may hold at most: one that holds for ever was not changed."""


def new_api_key() -> str:
    return f"heed_{secrets.token_urlsafe(32)}"


def new_secret() -> str:
    """A symmetric secret of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_discourse_secret() -> str:
    return secrets.token_urlsafe(32)


def hash_key(api_key: str) -> str:
    """SHA-256 in hex. The key has 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def as_it_is(secret: str) -> str:
    return secret


@dataclass(frozen=True)
class Kind:
    """One of a forum's keys: its column in `forum`, how it is made, and what is kept of it."""

    column: str
    make: Callable[[], str]
    keep: Callable[[str], str] = as_it_is


KINDS = {
    "api-key": Kind("api_key_hash", new_api_key, hash_key),
    "webhook": Kind("webhook_secret", new_secret),
    "callback": Kind("callback_secret", new_secret),
    "discourse": Kind("discourse_secret", new_discourse_secret),
}


def rotate(session: Session, forum: Forum, kind: str, holds: timedelta) -> str:
    """The forum's new key. The one it had until now holds on for so long, and any before that no moment longer.

    Raises Invalid for a time that is none or too long.
    """
    if not timedelta() <= holds <= LONGEST:
        raise Invalid(f"Let the old one hold for 0 to {LONGEST.days} days.", field="keep_days")
    forum = session.get_one(Forum, forum.id, with_for_update=True, populate_existing=True)
    known, key, moment = KINDS[kind], KINDS[kind].make(), now()
    before = getattr(forum, known.column)
    session.execute(delete(RetiredKey).where(RetiredKey.forum_id == forum.id, RetiredKey.kind == kind))
    if before and holds:
        session.add(RetiredKey(forum_id=forum.id, kind=kind, value=before, until=moment + holds))
    setattr(forum, known.column, known.keep(key))
    session.flush()
    until = (moment + holds).isoformat() if holds else None
    audit.write(session, "rotated_key", forum=forum.id, kind=kind, until=until)
    return key


HOLDERS = (
    select(Forum, RetiredKey.value)
    .outerjoin(
        RetiredKey,
        and_(
            RetiredKey.forum_id == Forum.id,
            RetiredKey.kind == bindparam("kind"),
            RetiredKey.until > bindparam("moment"),
        ),
    )
    .where(Forum.slug == bindparam("slug"))
)
"""A forum with the key of one kind that it is about to give up. Made once: every signed post asks it."""


def holding(session: Session, slug: str, kind: str) -> tuple[Forum | None, list[str]]:
    """The forum of that name and what is kept of its keys of this kind that hold, the present one first."""
    found = session.execute(HOLDERS, {"slug": slug, "kind": kind, "moment": now()}).one_or_none()
    if found is None:
        return None, []
    forum, retired = found
    return forum, [key for key in (getattr(forum, KINDS[kind].column), retired) if key]


def forum_of(session: Session, api_key: str) -> Forum | None:
    """The forum whose API key it is. It is looked up by its hash: how far a guess matched can't be timed."""
    hashed = hash_key(api_key)
    retired = select(RetiredKey.forum_id).where(
        RetiredKey.kind == "api-key", RetiredKey.until > now(), RetiredKey.value == hashed
    )
    return session.scalar(select(Forum).where(or_(Forum.api_key_hash == hashed, Forum.id.in_(retired))))


def forget_old(where: Store) -> None:
    """What is worth nothing any more is not kept."""
    over = RetiredKey.until <= now()
    with where.read() as session:
        if session.scalar(select(RetiredKey.kind).where(over).limit(1)) is None:
            return
    with where.write() as session:
        session.execute(delete(RetiredKey).where(over))

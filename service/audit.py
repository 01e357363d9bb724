"""The audit log: who did what and when, never a word of a post. Entries are only ever added, and each carries the hash of
the one before it, so that a changed, missing or slipped-in entry shows.

Whoever can write to the database could rewrite the chain from some point to its end. Against that, keep its last hash
elsewhere now and then (`heed audit verify` prints it) and compare later with `--expect`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.store.models import AuditEntry, now

LOCK = 0x48656165
"""Key of PostgreSQL's advisory lock: entries take turns ("Heae" in ASCII). SQLite's writers take turns anyway."""
FIRST = "0" * 64
"""What stands in the place of the hash before the first entry."""


@dataclass(frozen=True)
class Chain:
    """What `verify` found: entries that hold, the hash of the last of them, and what is wrong with the next, or empty."""

    entries: int
    last_hash: str
    problem: str = ""


def write(
    session: Session, what: str, *, moderator_id: str | None = None, post_id: str | None = None, **detail: str | None
) -> AuditEntry:
    """Add an entry in the caller's transaction. `detail` holds ids and Heed's own words only."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    newest = select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    number, previous = session.execute(newest).first() or (0, FIRST)
    entry = AuditEntry(
        number=number + 1, what=what, moderator_id=moderator_id, post_id=post_id, detail=detail, created_at=now()
    )
    entry.hash = _hash(entry, previous)
    session.add(entry)
    session.flush()
    return entry


def verify(session: Session) -> Chain:
    """Walk the chain from its first entry."""
    number, previous = 0, FIRST
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)):
        if entry.number != number + 1:
            return Chain(number, previous, f"entry {number + 1} is missing")
        if entry.hash != _hash(entry, previous):
            return Chain(number, previous, f"entry {entry.number} was changed, or one before it")
        number, previous = entry.number, entry.hash
    return Chain(number, previous)


def has_hash(session: Session, wanted: str) -> bool:
    """Whether the chain still goes through the entry of this hash."""
    return session.scalar(select(AuditEntry.number).where(AuditEntry.hash == wanted)) is not None


def _hash(entry: AuditEntry, previous: str) -> str:
    """SHA-256 hex over the entry's content and the hash before it, as JSON with sorted keys and no spaces."""
    when = entry.created_at.isoformat(timespec="microseconds")
    content = [previous, entry.number, entry.moderator_id, entry.post_id, entry.what, entry.detail, when]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

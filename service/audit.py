"""The audit log: who did what and when, never a word of a post. Entries are only ever added, and each carries the hash of
the one before it, so that a changed, missing or slipped-in entry shows.

Whoever can write to the database could rewrite the chain from some point to its end. Against that, keep its last hash
elsewhere now and then (`heed audit verify` prints it) and compare later with `--expect`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from service.store.models import AuditCut, AuditEntry, now

LOCK = 0x48656165
"""Key of PostgreSQL's advisory lock: entries take turns ("Heae" in ASCII). SQLite's writers take turns anyway."""
FIRST = "0" * 64
"""What stands in the place of the hash before the first entry."""


CUT = "cut_audit"
"""What an entry is called that says up to which one the log was cut."""
MOST = 10_000
"""Entries that are cut off at once."""
SLACK = timedelta(days=1)
"""How much longer an entry may stay, so that the log is cut once a day and not at each entry."""


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
    _lock(session)
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
    number, previous = cut = _cut(session)
    told = cut == (0, FIRST)
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)):
        if entry.number != number + 1:
            return Chain(number - cut[0], previous, f"entry {number + 1} is missing")
        if entry.hash != _hash(entry, previous):
            return Chain(number - cut[0], previous, f"entry {entry.number} was changed, or one before it")
        number, previous = entry.number, entry.hash
        told = told or (entry.what == CUT and (entry.detail["number"], entry.detail["hash"]) == (str(cut[0]), cut[1]))
    return Chain(number - cut[0], previous, "" if told else "it was cut, and no entry says so")


def has_hash(session: Session, wanted: str) -> bool:
    """Whether the chain still goes through the entry of this hash, or begins right after it."""
    kept = session.scalar(select(AuditEntry.number).where(AuditEntry.hash == wanted))
    number, last = _cut(session)
    return kept is not None or (number > 0 and last == wanted)


def forget(session: Session, before: datetime) -> int:
    """Cut off the entries of before then; returns how many. An entry says so, with the hash that the chain goes on from."""
    _lock(session)
    number, _last = _cut(session)
    query = select(AuditEntry.number, AuditEntry.hash, AuditEntry.created_at).where(AuditEntry.number > number)
    oldest = session.execute(query.order_by(AuditEntry.number).limit(MOST)).all()
    if not oldest or oldest[0].created_at >= before - SLACK:
        return 0
    old = [entry for entry in oldest if entry.created_at < before]
    session.add(AuditCut(number=old[-1].number, hash=old[-1].hash))
    session.flush()
    write(session, CUT, number=str(old[-1].number), hash=old[-1].hash)
    gone = delete(AuditEntry).where(AuditEntry.number <= old[-1].number)
    session.execute(gone.execution_options(synchronize_session=False))
    return len(old)


def _cut(session: Session) -> tuple[int, str]:
    """Number and hash of the last entry that is gone."""
    newest = select(AuditCut.number, AuditCut.hash).order_by(AuditCut.number.desc()).limit(1)
    return tuple(session.execute(newest).first() or (0, FIRST))


def _lock(session: Session) -> None:
    """Entries take turns."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _hash(entry: AuditEntry, previous: str) -> str:
    """SHA-256 hex over the entry's content and the hash before it, as JSON with sorted keys and no spaces."""
    when = entry.created_at.isoformat(timespec="microseconds")
    content = [previous, entry.number, entry.moderator_id, entry.post_id, entry.what, entry.detail, when]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

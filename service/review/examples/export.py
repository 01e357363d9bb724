"""All decisions of the forums that consent, a line each, the newest first."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Tuple, literal, select, tuple_
from sqlalchemy.orm import Session

from service.review.examples.record import record
from service.store.models import Forum, Post, QueueItem, Revision, Verdict

log = logging.getLogger(__name__)

BATCH = 200
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
Read = Callable[[], AbstractContextManager[Session]]


def lines(read: Read, *, forum_id: str | None = None, since: datetime | None = None) -> Iterator[str]:
    """JSON lines of one forum's decisions since then, or of all; each batch is read in a view of its own, by `read`.

    Within a batch they are in the order of their hashes, which tells no times.
    """
    seen: set[bytes] = set()
    after: tuple[datetime, str] | None = None
    while True:
        with read() as session:
            rows = session.execute(_decided(forum_id, since, after)).all()
            found = _findings(session, [revision.id for _, _, revision, _ in rows])
        made = (_made(verdict, revision, forum, found.get(revision.id)) for _, verdict, revision, forum in rows)
        new = [each for each in made if each is not None and _is_new(each, seen)]
        yield from (json.dumps(each) + "\n" for each in sorted(new, key=lambda each: each["id"]))
        if len(rows) < BATCH:
            return
        last = rows[-1][0]
        after = (last.decided_at, last.id)


def _decided(
    forum_id: str | None, since: datetime | None, after: tuple[datetime, str] | None
) -> Select[tuple[QueueItem, Verdict, Revision, Forum]]:
    """Decisions that stand, of posts that are still there as they were decided."""
    query = (
        select(QueueItem, Verdict, Revision, Forum)
        .join(Post, Post.id == QueueItem.post_id)
        .join(Verdict, (Verdict.post_id == Post.id) & Verdict.current)
        .join(Revision, (Revision.id == Verdict.revision_id) & (Revision.number == Post.revision))
        .join(Forum, Forum.id == QueueItem.forum_id)
        .where(
            Forum.training_consent,
            Forum.read_private_messages.is_(False),
            QueueItem.state == "decided",
            Verdict.decided_by.is_not(None),
            Post.deleted.is_(False),
        )
        .order_by(QueueItem.decided_at.desc(), QueueItem.id.desc())
        .limit(BATCH)
    )
    if forum_id is not None:
        query = query.where(QueueItem.forum_id == forum_id)
    if since is not None:
        query = query.where(QueueItem.decided_at >= since)
    return query.where(tuple_(QueueItem.decided_at, QueueItem.id) < _place(after)) if after else query


def _place(after: tuple[datetime, str]) -> Tuple:
    return tuple_(literal(after[0], QueueItem.decided_at.type), literal(after[1], QueueItem.id.type))


def _findings(session: Session, revisions: list[str]) -> dict[str, dict[str, Any]]:
    """What the models found in each revision; an undone decision leaves it with the verdict before."""
    query = select(Verdict.revision_id, Verdict.findings).where(
        Verdict.revision_id.in_(revisions), Verdict.decided_by.is_(None)
    )
    return {revision: findings for revision, findings in session.execute(query) if findings}


def _made(verdict: Verdict, revision: Revision, forum: Forum, findings: dict[str, Any] | None) -> dict[str, Any] | None:
    """None where nobody can say what has to be covered."""
    if findings is None:
        return None
    try:
        return record(verdict, revision, forum, findings)
    except UNREADABLE as error:
        log.error("verdict %s: left out of the training data (%s)", verdict.id, type(error).__name__)
        return None


def _is_new(made: dict[str, Any], seen: set[bytes]) -> bool:
    """Whether no other post says the same to the same parent: spam would be learnt by heart."""
    digest = hashlib.sha256(f"{made['parent']}\0{made['text']}".encode()).digest()
    new = digest not in seen
    seen.add(digest)
    return new

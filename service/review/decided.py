"""What people decided lately, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service import second_readings
from service.review import words
from service.review.bulk import STANDS
from service.review.excerpt import labels_of
from service.store.models import BulkItem, Forum, Moderator, QueueItem, Revision, Verdict

LATEST = 50


@dataclass(frozen=True)
class Decision:
    """One decided post."""

    id: str
    version: int
    done: str
    action: str
    who: str
    when: datetime
    note: str
    labels: list[str]
    forum: str
    board: str


def load_decided(session: Session, reader: str) -> list[Decision]:
    """The newest decisions on single posts that stand, without those that the moderator `reader` may read a second time."""
    together = exists().where(BulkItem.item_id == QueueItem.id, STANDS)
    newest = (QueueItem.decided_at.desc(), QueueItem.id.desc())
    # Looked up first: as a part of the query it would be sought among all that was ever decided.
    kept = session.scalars(second_readings.kept_from(reader)).all()
    wanted = (QueueItem.state == "decided", ~together, QueueItem.id.not_in(kept))
    ids = session.scalars(select(QueueItem.id).where(*wanted).order_by(*newest).limit(LATEST)).all()
    query = (
        select(QueueItem, Verdict, Moderator, Revision.board, Forum.name)
        .join(Verdict, (Verdict.post_id == QueueItem.post_id) & Verdict.current)
        .join(Moderator, Moderator.id == Verdict.decided_by)
        .join(Revision, Revision.id == Verdict.revision_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .where(QueueItem.id.in_(ids))
        .order_by(*newest)
    )
    return [_decision(*row) for row in session.execute(query)]


def _decision(item: QueueItem, verdict: Verdict, who: Moderator, board: str, forum: str) -> Decision:
    return Decision(
        id=item.id,
        version=item.version,
        done=words.DONE.get(verdict.action, verdict.action),
        action=verdict.action,
        who=who.called,
        when=item.decided_at or verdict.created_at,
        note=verdict.note,
        labels=labels_of(item.id, verdict.document),
        forum=forum,
        board=board,
    )

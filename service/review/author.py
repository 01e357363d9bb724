"""What else an author posted and what became of it: a stranger's first bad evening reads otherwise than the tenth advert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import second_readings
from service.review import words
from service.review.excerpt import labels_of
from service.store.encrypted import is_named
from service.store.models import Moderator, Post, QueueItem, Revision, Verdict

LATEST = 6


@dataclass(frozen=True)
class Earlier:
    """Another post of the same author. `item` is its id in the queue, empty where it was never there."""

    item: str
    done: str
    who: str
    when: datetime
    board: str
    labels: list[str]


def load_earlier(session: Session, revision: Revision, reader: str) -> list[Earlier]:
    """The newest other posts of the author on the same forum; none where the forum doesn't tell authors apart.

    What was decided is left out of those that `reader` may read a second time.
    """
    if not revision.author:
        return []
    query = (
        select(Verdict, Revision.board, Revision.received_at, QueueItem, Moderator)
        .join(Revision, Revision.id == Verdict.revision_id)
        .join(Post, Post.id == Verdict.post_id)
        .outerjoin(QueueItem, QueueItem.post_id == Verdict.post_id)
        .outerjoin(Moderator, Moderator.id == Verdict.decided_by)
        .where(
            Revision.forum_id == revision.forum_id,
            is_named(Revision.author, revision.author),
            Verdict.current,
            Verdict.post_id != revision.post_id,
            Post.deleted.is_(False),
        )
        .order_by(Revision.received_at.desc(), Verdict.id.desc())
        .limit(LATEST)
    )
    kept = set(session.scalars(second_readings.kept_from(reader)))
    return [_earlier(*row, kept=kept) for row in session.execute(query)]


def _earlier(
    verdict: Verdict, board: str, when: datetime, item: QueueItem | None, who: Moderator | None, *, kept: set[str]
) -> Earlier:
    if item is not None and item.id in kept:
        done, by = _("Waits for a second reading"), ""
    elif who is not None:
        done, by = words.DONE.get(verdict.action, verdict.action), who.called
    else:
        done, by = words.state(verdict.action).word, ""
    reachable = item is not None and item.state != "withdrawn"
    labels = labels_of(verdict.id, verdict.document)
    return Earlier(
        item=item.id if item and reachable else "",
        done=done,
        who=by,
        when=when,
        board=board,
        labels=labels,
    )

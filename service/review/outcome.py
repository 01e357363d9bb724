"""What came of decisions made together: which posts, what was left out and why, what stands of it by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.decisions import ACTIONS
from service.errors import NotFound
from service.people.roles import Access
from service.review import words
from service.review.bulk import STANDS
from service.review.decided import LATEST
from service.review.excerpt import labels_of
from service.review.selection import LEFT_OUT
from service.store.models import Bulk, BulkItem, Forum, Moderator, QueueItem, Verdict


@dataclass(frozen=True)
class Line:
    """One post. `gone`: its author edited or deleted it since."""

    id: str
    labels: list[str]
    board: str
    forum: str
    gone: bool


@dataclass(frozen=True)
class Together:
    """A decision on several posts, of which `posts` are still as they were decided."""

    id: str
    name: str
    """What was decided, a key of `service.decisions.ACTIONS`."""
    action: str
    """The same, as the forum is told."""
    done: str
    who: str
    when: datetime
    note: str
    posts: int


@dataclass(frozen=True)
class Outcome:
    """Everything that the page of such a decision shows."""

    bulk: Together
    removed_for: str
    standing: list[Line]
    undone: list[Line]
    touched: list[Line]
    """Decided then, and changed by somebody since."""
    left_out: list[tuple[str, list[Line]]]
    """By the reason, in words."""
    may_undo: bool

    @property
    def left(self) -> int:
        return sum(len(lines) for _, lines in self.left_out)


def said(action: str, count: int) -> str:
    """What was done to how many posts, for a heading."""
    if action == "approve":
        return ngettext("One post approved", "%(num)s posts approved", count)
    if action == "hold":
        return ngettext("One post held", "%(num)s posts held", count)
    return ngettext("One post removed", "%(num)s posts removed", count)


def load_outcome(session: Session, bulk_id: str, access: Access) -> Outcome:
    """The page of a decision. Raises NotFound where none of its posts may be seen."""
    query = (
        select(BulkItem, QueueItem, Verdict, Forum.name)
        .join(QueueItem, QueueItem.id == BulkItem.item_id)
        .join(Verdict, Verdict.id == QueueItem.verdict_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .where(BulkItem.bulk_id == bulk_id)
        .order_by(QueueItem.lane, QueueItem.due_at, QueueItem.id)
    )
    found = session.execute(query).all() if bulk_id.isprintable() else []
    if not found:
        raise NotFound(_("There is no such decision, or none of its posts is left. Go back to the queue."))
    lists: dict[str, list[Line]] = {}
    for entry, item, verdict, forum in found:
        gone = item.state == "withdrawn"
        line = Line(item.id, [] if gone else labels_of(item.id, verdict.document), item.board, forum, gone)
        stands = item.state == "decided" and item.version == entry.version
        lists.setdefault("touched" if entry.outcome == "done" and not stands else entry.outcome, []).append(line)
    bulk = session.get_one(Bulk, bulk_id)
    who = session.get_one(Moderator, bulk.moderator_id)
    return Outcome(
        bulk=_together(bulk, who, len(lists.get("done", []))),
        removed_for=words.removed_for(bulk.label) if bulk.label else "",
        standing=lists.get("done", []),
        undone=lists.get("undone", []),
        touched=lists.get("touched", []),
        left_out=[(str(why), lists[name]) for name, why in LEFT_OUT.items() if name in lists],
        may_undo=any(access.may("moderator", item.forum_id) for _entry, item, *_rest in found),
    )


def load_latest(session: Session) -> list[Together]:
    """The newest decisions on several posts of which something stands."""
    stands = select(BulkItem.item_id).join(QueueItem, QueueItem.id == BulkItem.item_id).where(STANDS)
    seen = stands.where(BulkItem.bulk_id == Bulk.id).exists()
    newest = session.scalars(select(Bulk.id).where(seen).order_by(Bulk.created_at.desc()).limit(LATEST)).all()
    query = (
        select(Bulk, Moderator, func.count())
        .join(BulkItem, BulkItem.bulk_id == Bulk.id)
        .join(QueueItem, QueueItem.id == BulkItem.item_id)
        .join(Moderator, Moderator.id == Bulk.moderator_id)
        .where(Bulk.id.in_(newest), STANDS)
        .group_by(Bulk.id, Moderator.id)
    )
    return [_together(*row) for row in session.execute(query)]


def _together(bulk: Bulk, who: Moderator, posts: int) -> Together:
    action = ACTIONS[bulk.action]
    return Together(bulk.id, bulk.action, action, words.DONE[action], who.called, bulk.created_at, bulk.note, posts)

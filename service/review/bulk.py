"""Decisions made together: each post by a decision of its own, some tens in a transaction; all taken back in the same way."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service import audit, author_messages
from service.decisions import Decision, record_decision, undo_decision
from service.errors import Invalid
from service.people.roles import Access
from service.review.access import reading, writing
from service.review.queue import Source, load_sources
from service.review.selection import TOGETHER, why_not
from service.store.models import Bulk, BulkItem, Moderator, Post, QueueItem, now

log = logging.getLogger(__name__)

CHUNK = 25
"""Posts decided in one transaction: so long others wait for SQLite's lock, a post's row, or the audit log."""

STANDS = and_(BulkItem.outcome == "done", QueueItem.state == "decided", QueueItem.version == BulkItem.version)
"""Whether a decision made together is as it was: nobody touched the item since."""


@dataclass(frozen=True)
class Plan:
    """What a moderator wants done with several posts. `id` stands in the form: sent twice, it is one plan."""

    id: str
    decision: Decision
    telling: bool
    """Whether the authors get the usual words."""
    picks: dict[str, int]
    """Versions of the items as they were shown, by id."""


def write_down(session: Session, plan: Plan, me: Moderator) -> None:
    """Keep the plan, unless it is kept already. Raises Invalid for what is for one post at a time."""
    wanted = plan.decision
    if wanted.action not in TOGETHER:
        raise Invalid(_("Choose to approve, hold or remove them; all else is for one post at a time."), field="action")
    row = {"id": plan.id, "moderator_id": me.id, "action": wanted.action, "label": wanted.label, "note": wanted.note}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(Bulk).values(**row, telling=plan.telling, created_at=now()).on_conflict_do_nothing()
    if session.scalar(new.returning(Bulk.id)) is None:
        return
    known = session.scalars(select(QueueItem.id).where(QueueItem.id.in_(list(plan.picks))))
    session.add_all([BulkItem(bulk_id=plan.id, item_id=item, version=plan.picks[item]) for item in known])
    told = {"bulk": plan.id, "action": wanted.action, "label": wanted.label}
    audit.write(session, "decided_together", moderator_id=me.id, **told)


def carry_out(bulk_id: str, reader: str, access: Access) -> int:
    """Decide whatever of the plan still waits; what changed meanwhile is left alone. How many were decided."""
    return sum(_decide_some(bulk_id, some, reader, access) for some in _chunks(bulk_id, "waiting"))


def take_back(bulk_id: str, reader: str, access: Access) -> int:
    """Undo what nobody has touched since, however old; all else stays as it is. How many were undone."""
    return sum(_undo_some(bulk_id, some, reader, access) for some in _chunks(bulk_id, "done"))


def _decide_some(bulk_id: str, some: list[str], reader: str, access: Access) -> int:
    with writing() as db:
        entries = _locked(db, bulk_id, some, "waiting")
        if not entries:
            return 0
        bulk, me = db.get_one(Bulk, bulk_id), db.get_one(Moderator, reader)
        sources = load_sources(db, [item for _, item in entries])
        usual = _usual(db, bulk, sources.values())
        for entry, item in entries:
            verdict, text, forum = sources[item.id]
            why = why_not(item, verdict, entry.version, reader, access, now(), bulk.action)
            entry.outcome = why or "failed"
            if why:
                continue
            message = author_messages.fill(usual[forum.id, text.language], forum, text.language, bulk.label)
            with _by_itself(db, item):
                record_decision(db, item.id, item.version, me, Decision(bulk.action, bulk.note, bulk.label, message))
                entry.outcome, entry.version = "done", item.version
        return sum(entry.outcome == "done" for entry, _ in entries)


def _undo_some(bulk_id: str, some: list[str], reader: str, access: Access) -> int:
    with writing() as db:
        entries, me = _locked(db, bulk_id, some, "done"), db.get_one(Moderator, reader)
        for entry, item in entries:
            stands = item.state == "decided" and item.version == entry.version
            if stands and access.may("moderator", item.forum_id):
                with _by_itself(db, item):
                    undo_decision(db, item.id, item.version, me)
                    entry.outcome, entry.version = "undone", item.version
        undone = sum(entry.outcome == "undone" for entry, _ in entries)
        if undone:
            audit.write(db, "undid_together", moderator_id=reader, bulk=bulk_id)
        return undone


@contextmanager
def _by_itself(session: Session, item: QueueItem) -> Iterator[None]:
    """What is done within stands or falls without the others of its transaction."""
    item_id = item.id
    try:
        with session.begin_nested():
            yield
    except Exception as error:
        log.error("item %s was left out of a decision on several posts (%s)", item_id, type(error).__name__)


def _chunks(bulk_id: str, outcome: str) -> list[list[str]]:
    """Ids of the items of that outcome, some tens at a time."""
    of_bulk = (BulkItem.bulk_id == bulk_id, BulkItem.outcome == outcome)
    query = select(QueueItem.id).join(BulkItem, BulkItem.item_id == QueueItem.id).where(*of_bulk)
    with reading() as db:
        found = db.scalars(query.order_by(QueueItem.post_id)).all()
    return [list(found[place : place + CHUNK]) for place in range(0, len(found), CHUNK)]


def _locked(session: Session, bulk_id: str, some: list[str], outcome: str) -> list[tuple[BulkItem, QueueItem]]:
    """Those of these items that still have the outcome: their posts, then all items locked before the first is decided.

    Whoever waits for the audit log's lock, which the first decision takes, may hold a post or an item of a later one.
    """
    posts = select(QueueItem.post_id).where(QueueItem.id.in_(some))
    session.execute(select(Post.id).where(Post.id.in_(posts)).order_by(Post.id).with_for_update())
    session.execute(select(QueueItem.id).where(QueueItem.id.in_(some)).order_by(QueueItem.id).with_for_update())
    of_bulk = (BulkItem.bulk_id == bulk_id, BulkItem.outcome == outcome, BulkItem.item_id.in_(some))
    query = select(BulkItem, QueueItem).join(QueueItem, QueueItem.id == BulkItem.item_id).where(*of_bulk)
    return [(entry, item) for entry, item in session.execute(query)]


def _usual(session: Session, bulk: Bulk, sources: Iterable[Source]) -> dict[tuple[str, str], str]:
    """The words to authors by forum and language; empty where nothing is said."""
    kinds = {(forum.id, text.language): forum for _, text, forum in sources}
    return {
        (forum_id, language): author_messages.usual(session, forum, bulk.action, language) if bulk.telling else ""
        for (forum_id, language), forum in kinds.items()
    }

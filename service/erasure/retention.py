"""What is past its time goes: posts wholly, as if they had never been sent; of callbacks what they said; the audit log's beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service import audit
from service.erasure.rows import wipe
from service.settings import Settings
from service.store import Store
from service.store.models import Care, Delivery, Post, QueueItem, Revision, now

CHUNK = 50
"""Posts, or callbacks, in one transaction."""
UNREAD = exists().where(Revision.post_id == Post.id, Revision.state.in_(("pending", "leased")))
UNSENT = exists().where(Delivery.post_id == Post.id, Delivery.state == "pending")
QUEUED = exists().where(QueueItem.post_id == Post.id)
LOOKED_AFTER = exists().where(Care.post_id == Post.id, Care.outcome == "")


def clean(before: datetime) -> Select[tuple[str]]:
    """Posts that the models allowed before then and that never were in the queue."""
    newest = (Revision.post_id == Post.id) & (Revision.number == Post.revision)
    # Only of what is done the newest revision has a time: by its state it would be sought among all that ever were read.
    read = select(Post.id).join(Revision, newest).where(Revision.finished_at < before)
    return read.where(~QUEUED, ~UNSENT).order_by(Revision.finished_at)


def decided(before: datetime) -> Select[tuple[str]]:
    """Posts that were decided before then, whatever became of them since."""
    made = (QueueItem.state == "decided", QueueItem.decided_at < before)
    return select(Post.id).join(QueueItem).where(*made, ~UNREAD, ~UNSENT).order_by(QueueItem.decided_at)


def withdrawn(before: datetime) -> Select[tuple[str]]:
    """Posts that came to the queue before then and left it undecided: edited, or deleted."""
    left = (QueueItem.state == "withdrawn", QueueItem.created_at < before)
    return select(Post.id).join(QueueItem).where(*left, ~UNREAD, ~UNSENT).order_by(QueueItem.created_at)


def deleted(before: datetime) -> Select[tuple[str]]:
    """Posts that their forum deleted before then, but for those whose author somebody looks after."""
    gone = (Post.deleted, ~Post.erased, Post.deleted_as_of < before)
    return select(Post.id).where(*gone, ~LOOKED_AFTER, ~UNSENT).order_by(Post.deleted_as_of)


def passing(before: datetime) -> Select[tuple[str]]:
    """Texts that came before then to be read for an answer, and are no posts (`service.readings`)."""
    return select(Post.id).where(~Post.kept, Post.created_at < before).order_by(Post.created_at)


def keep_to(where: Store, chosen: Settings) -> int:
    """One step for each kind: how many posts, callbacks and entries went. None is left past its time where it is 0."""
    moment = now()
    gone = 0
    for query in _due(chosen, moment):
        gone += forget(where, query)
    if chosen.keep_deliveries_days:
        gone += _empty_deliveries(where, moment - timedelta(days=chosen.keep_deliveries_days))
    if chosen.keep_audit_days:
        with where.write() as session:
            gone += audit.forget(session, moment - timedelta(days=chosen.keep_audit_days))
    return gone


def forget(where: Store, query: Select[tuple[str]]) -> int:
    """Forget some posts of the query, with all that is known of them; returns how many."""
    with where.write() as session:
        found = session.scalars(query.limit(CHUNK)).all()
        free = select(Post.id).where(Post.id.in_(found)).order_by(Post.id).with_for_update(skip_locked=True)
        locked = session.scalars(free).all() if found else []
        # Asked again now that nobody else can change them.
        posts = session.scalars(query.where(Post.id.in_(locked))).all() if locked else []
        if posts:
            delete_wholly(session, posts)
        return len(posts)


def delete_wholly(session: Session, posts: Sequence[str]) -> None:
    """Delete posts that are locked, with all that is known of them."""
    wipe(session, posts)
    session.execute(delete(Post).where(Post.id.in_(posts)).execution_options(synchronize_session=False))


def older_than(before: datetime, forum_id: str | None) -> Select[tuple[str]]:
    """Posts that came before then and wait for nobody."""
    waiting = exists().where(QueueItem.post_id == Post.id, QueueItem.state == "open")
    newest = select(func.max(Revision.received_at)).where(Revision.post_id == Post.id).scalar_subquery()
    wanted: list[ColumnElement[bool]] = [Post.created_at < before, ~Post.erased, ~waiting, ~UNREAD, ~UNSENT]
    wanted.append(or_(newest.is_(None), newest < before))
    if forum_id is not None:
        wanted.append(Post.forum_id == forum_id)
    return select(Post.id).where(*wanted).order_by(Post.id)


def _due(chosen: Settings, moment: datetime) -> Iterator[Select[tuple[str]]]:
    kinds = (
        (clean, chosen.keep_clean_days),
        (decided, chosen.keep_decided_days),
        (withdrawn, chosen.keep_decided_days),
        (deleted, chosen.keep_deleted_days),
    )
    for kind, days in kinds:
        if days:
            yield kind(moment - timedelta(days=days))


def _empty_deliveries(where: Store, before: datetime) -> int:
    """Take what they said out of callbacks that are sent or given up; that they were sent stays known."""
    with where.write() as session:
        past = (Delivery.state != "pending", Delivery.payload.is_not(None), Delivery.due_at < before)
        ids = session.scalars(select(Delivery.id).where(*past).order_by(Delivery.due_at).limit(CHUNK)).all()
        if ids:
            empty = update(Delivery).where(Delivery.id.in_(ids), Delivery.state != "pending").values(payload=None)
            session.execute(empty.execution_options(synchronize_session=False))
        return len(ids)

"""Past posts read once more by today's models, after everything else: what was decided stands until the new verdict does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service.intake.accept import LOW
from service.store.models import Appeal, Forum, Post, Revision, Verdict
from service.store.room import WAITING


@dataclass(frozen=True)
class Wanted:
    """Posts received `since` whose verdict is older than `began` and not by `models` (its `models["shared"]`), of one forum
    or of all. Left out is what a person decided, and what is under appeal. Once read again a post is wanted no more.
    """

    since: datetime
    began: datetime
    models: Collection[str]
    slug: str = ""


def ask(session: Session, wanted: Wanted, most: int = 200) -> int:
    """Have up to `most` of them, the newest first, read again; returns how many these are."""
    chosen = select(Revision.id).where(*_outdated(wanted)).order_by(Revision.received_at.desc()).limit(most)
    ids = session.scalars(chosen).all()
    again = update(Revision).where(Revision.id.in_(ids))
    session.execute(again.values(state="pending", urgent=LOW, attempts=0, lease_until=None))
    return len(ids)


def count(session: Session, wanted: Wanted) -> int:
    """How many they are."""
    return session.scalar(select(func.count(Revision.id)).where(*_outdated(wanted))) or 0


def waiting(session: Session) -> int:
    """How many posts wait to be read, for the first time or again."""
    return session.scalar(select(func.count(Revision.id)).where(Revision.state.in_(WAITING))) or 0


def _outdated(wanted: Wanted) -> list[ColumnElement[bool]]:
    newest = exists().where(
        Post.id == Revision.post_id, Post.deleted.is_(False), Post.kept, Post.revision == Revision.number
    )
    read_by = Verdict.document["models"]["shared"].as_string()
    old = exists().where(
        Verdict.revision_id == Revision.id,
        Verdict.current,
        Verdict.decided_by.is_(None),
        Verdict.created_at < wanted.began,
        or_(read_by.is_(None), read_by.not_in(wanted.models)),
    )
    appealed = exists().where(Appeal.post_id == Revision.post_id, Appeal.state == "open")
    found = [Revision.state == "done", Revision.received_at >= wanted.since, newest, old, ~appealed]
    return [*found, Revision.forum_id.in_(select(Forum.id).where(Forum.slug == wanted.slug))] if wanted.slug else found

"""The posts around one: what its thread said just before and after, and the post that it answers, as far as Heed knows them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from classifiers.findings import NotChecked, Part
from service import second_readings
from service.erasure.quotes import is_of_erased
from service.review import words
from service.review.excerpt import Excerpt, labels_in, opening
from service.review.highlight import Segment, segments
from service.review.item import UNREADABLE, marks_of
from service.review.rendered import Tag, readable
from service.store.models import Post, QueueItem, Revision, Verdict

log = logging.getLogger(__name__)

NEAR = 3
"""Posts shown before and after, each."""
LONGEST = 4_000
"""Most code points of another post's text: more is read on its own page."""


@dataclass(frozen=True)
class Said:
    """Another post of the thread. Without a `state` Heed has not read it, and nobody knows what in it is private."""

    post_id: str
    verdict_id: str
    author: str
    when: datetime
    url: str
    item: str = ""
    """Its id in the queue, empty where it was never there."""
    state: words.State | None = None
    failed: bool = False
    """Whether it could not be read, or what was read can't be shown: its text is then left out."""
    labels: list[str] = field(default_factory=list)
    title: list[Segment] = field(default_factory=list)
    excerpt: Excerpt = field(default_factory=Excerpt)
    body: list[Segment | Tag] = field(default_factory=list)
    format: str = "plain"
    more: bool = False
    """Whether there is more to read than the excerpt."""
    cut: bool = False
    """Whether there is more than `body` holds."""
    shown: bool = False
    secrets: int = 0
    """How many pieces of personal data it holds."""

    @property
    def is_readable(self) -> bool:
        return self.state is not None and not self.failed


@dataclass(frozen=True)
class Thread:
    """What stands around a post. The post that it answers is in none of the lists."""

    before: list[Said] = field(default_factory=list)
    answered: Said | None = None
    after: list[Said] = field(default_factory=list)
    erased: bool = False
    """Whether the post that it answers was erased."""

    @property
    def every(self) -> list[Said]:
        return [*self.before, *([self.answered] if self.answered else []), *self.after]

    @property
    def secrets(self) -> int:
        return sum(said.secrets for said in self.every)


def load_thread(session: Session, revision: Revision, reader: str, shown: Collection[str] = ()) -> Thread:
    """The thread around a revision; `shown` names the verdicts whose personal data is uncovered. How a post stands is left
    out where `reader` may be the one to read it a second time.

    It takes three queries at most, however long the thread is. Deleted posts are left out; of each post the newest revision counts.
    """
    ids = list(_around(revision))
    if not ids:
        return Thread()
    wanted = union_all(*(select(each.subquery().c.id) for each in ids)).subquery()
    kept = set(session.scalars(second_readings.kept_from(reader)))
    query = (
        select(Revision, Post.external_id, Verdict, QueueItem)
        .join(Post, Post.id == Revision.post_id)
        .outerjoin(Verdict, (Verdict.revision_id == Revision.id) & Verdict.current)
        .outerjoin(QueueItem, QueueItem.post_id == Revision.post_id)
        .where(Revision.id.in_(select(wanted.c.id)))
        .order_by(Revision.placed_at, Revision.post_id)
    )
    before, answered, after = [], None, []
    for number, (other, external_id, verdict, item) in enumerate(session.execute(query)):
        said = _said(f"p{number}", other, verdict, item, shown)
        if item and item.id in kept:
            said = replace(said, state=words.State(gettext("Waits for a second reading"), "", "eye-off"))
        if external_id == revision.reply_to:
            answered = said
        elif _place(other) < _place(revision):
            before.append(said)
        else:
            after.append(said)
    erased = answered is None and is_of_erased(session, revision.forum_id, revision.reply_to)
    return Thread(before, answered, after, erased)


def _around(revision: Revision) -> Iterator[Select[tuple[str]]]:
    """Ids of the revisions to show: each query walks an index and stops early."""
    newest = (
        select(Revision.id)
        .join(Post, (Post.id == Revision.post_id) & (Post.revision == Revision.number))
        .where(Revision.forum_id == revision.forum_id, Revision.post_id != revision.post_id, Post.deleted.is_(False))
    )
    if revision.thread and revision.placed_at:
        order = (Revision.placed_at, Revision.post_id)
        here = tuple_(*(literal(at, column.type) for at, column in zip(_place(revision), order, strict=True)))
        thread = newest.where(Revision.thread == revision.thread)
        if revision.reply_to:
            # The answered post has a place of its own.
            thread = thread.where(Post.external_id != revision.reply_to)
        yield thread.where(tuple_(*order) < here).order_by(*(column.desc() for column in order)).limit(NEAR)
        yield thread.where(tuple_(*order) > here).order_by(*order).limit(NEAR)
    if revision.reply_to:
        yield newest.where(Post.forum_id == revision.forum_id, Post.external_id == revision.reply_to)


def _place(revision: Revision) -> tuple[datetime, str]:
    """By the forum's time, then by arrival: ids of posts begin with it."""
    return revision.placed_at or revision.received_at, revision.post_id


def _said(
    name: str, revision: Revision, verdict: Verdict | None, item: QueueItem | None, shown: Collection[str]
) -> Said:
    known: dict[str, Any] = {
        "post_id": revision.post_id,
        "verdict_id": verdict.id if verdict else "",
        "author": revision.author,
        "when": revision.posted_at or revision.received_at,
        "url": revision.url if revision.url.startswith(("https://", "http://")) else "",
        "item": item.id if item and item.state != "withdrawn" else "",
    }
    if verdict is None:
        return Said(**known)
    known["state"] = words.state(verdict.action)
    try:
        return Said(**known, **_text(name, revision, verdict, shown_key(verdict.id) in shown))
    except UNREADABLE as error:
        log.error("post %s: its verdict can't be shown (%s)", revision.post_id, type(error).__name__)
        return Said(**known, failed=True)


def _text(name: str, revision: Revision, verdict: Verdict, shown: bool) -> dict[str, Any]:
    document = verdict.document
    if document["not_checked"] == NotChecked.FAILED:
        return {"failed": True, "labels": labels_in(document)}
    marks = marks_of(document["reasons"], name=f"{name}-")
    titled = marks_of(document["reasons"], Part.TITLE, f"{name}-")
    first = opening(revision, marks, hide=not shown)
    return {
        "labels": labels_in(document),
        "title": segments(revision.title, "plain", titled, hide=not shown),
        "excerpt": first,
        "body": readable(revision.body[:LONGEST], revision.format, marks, hide=not shown),
        "format": revision.format,
        "more": first.cut_after or "\n" in revision.body.strip(),
        "cut": len(revision.body) > LONGEST,
        "shown": shown,
        "secrets": sum(mark.private for mark in [*marks, *titled]),
    }


def shown_key(verdict_id: str) -> str:
    """What a session remembers of a verdict whose personal data it uncovered; an edit brings a new verdict."""
    return verdict_id.rpartition("_")[2]

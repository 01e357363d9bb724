"""Second readings: the posts to read again without knowing what was decided, and, for leads, where two people differed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import case, select
from sqlalchemy.orm import Session, aliased

from service import second_readings
from service.decisions import ACTIONS
from service.errors import Conflict, Invalid
from service.review import words, would
from service.review.access import reading, require_somewhere, require_to_decide, writing
from service.review.excerpt import labels_of
from service.review.pages import render_item
from service.review.queue import Row, load_sources, rows_of
from service.store.models import Forum, Moderator, Opinion, Post, QueueItem, SecondReading, Verdict, now

blueprint = Blueprint("second_readings", __name__)
blueprint.before_request(require_to_decide)

LATEST = 50


@dataclass(frozen=True)
class Difference:
    """A post that a second reader would have treated otherwise."""

    item: str
    version: int | None
    """Of the item, where the decision stands and can be taken back."""
    labels: list[str]
    forum: str
    board: str
    first: str
    done: str
    done_note: str
    second: str
    would: str
    would_note: str
    when: datetime


@blueprint.get("/second-readings")
def show() -> ResponseReturnValue:
    """What whoever is logged in may read a second time, the post that came first at the top."""
    with reading() as db:
        rows = _offered(db)
    return render_template("review/second_readings.html", rows=rows)


@blueprint.get("/second-readings/differed")
def differed() -> ResponseReturnValue:
    """Where the two differed, newest first: something to talk about."""
    require_somewhere("lead")
    with reading() as db:
        found = load_differences(db, g.access.forums("lead"))
    return render_template("review/differed.html", differences=found)


@blueprint.post("/items/<item_id>/second-reading")
def answer(item_id: str) -> ResponseReturnValue:
    """Say what one would have done, then see what was."""
    try:
        with writing() as db:
            me = db.get_one(Moderator, g.moderator.id)
            second_readings.answer(db, item_id, would.version_of_form(), me, would.of_form())
    except (Conflict, Invalid) as error:
        with reading() as db:
            return render_item(db, item_id, problem=error.detail), error.status
    return redirect(url_for("review.pages.item", item_id=item_id), 303)


@blueprint.post("/items/<item_id>/second-reading/leave")
def leave(item_id: str) -> ResponseReturnValue:
    """Leave it to others: because it is too much today, or to see now what was decided."""
    with writing() as db:
        second_readings.leave(db, item_id, db.get_one(Moderator, g.moderator.id))
    if request.form.get("then") == "see":
        return redirect(url_for("review.pages.item", item_id=item_id), 303)
    return redirect(url_for("review.second_readings.show"), 303)


def _offered(session: Session) -> list[Row]:
    query = select(QueueItem).where(QueueItem.id.in_(second_readings.offered(g.moderator.id)))
    items = list(session.scalars(query.order_by(QueueItem.created_at, QueueItem.id)))
    return rows_of(session, items, load_sources(session, items), g.moderator.id, now())


def load_differences(session: Session, forums: frozenset[str] | None) -> list[Difference]:
    """The newest differences on the forums of these ids, None for every forum; deleted posts are left out."""
    first, second = aliased(Moderator), aliased(Moderator)
    query = (
        select(SecondReading, QueueItem, Verdict, Opinion, Forum.name, first, second)
        .join(QueueItem, QueueItem.id == SecondReading.item_id)
        .join(Post, Post.id == QueueItem.post_id)
        .join(Verdict, Verdict.id == SecondReading.verdict_id)
        .join(Opinion, Opinion.id == SecondReading.opinion_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .join(first, first.id == Verdict.decided_by)
        .join(second, second.id == Opinion.moderator_id)
        .where(Post.deleted.is_(False), case(ACTIONS, value=Opinion.action) != Verdict.action)
        .order_by(Opinion.created_at.desc(), Opinion.id.desc())
        .limit(LATEST)
    )
    if forums is not None:
        query = query.where(QueueItem.forum_id.in_(forums))
    kept = set(session.scalars(second_readings.kept_from(g.moderator.id)))
    return [_difference(*row) for row in session.execute(query) if row[1].id not in kept]


def _difference(
    reading: SecondReading,
    item: QueueItem,
    verdict: Verdict,
    opinion: Opinion,
    forum: str,
    first: Moderator,
    second: Moderator,
) -> Difference:
    return Difference(
        item=item.id if item.state != "withdrawn" else "",
        version=item.version if item.state == "decided" and item.version == reading.version else None,
        labels=labels_of(item.id, verdict.document),
        forum=forum,
        board=item.board,
        first=first.called,
        done=words.DONE.get(verdict.action, verdict.action),
        done_note=verdict.note,
        second=second.called,
        would=str(would.WOULD[opinion.action]),
        would_note=opinion.note,
        when=opinion.created_at,
    )

"""Callbacks turned on again: the forum is told what it missed."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service import audit
from service.redactions import to_show
from service.store.models import Delivery, Forum, Post, Verdict, now
from service.verdicts import CARE, announce


def turn_on(session: Session, forum: Forum) -> int:
    """Let callbacks go out again, and tell the forum each verdict in force that it was not told. How many these are.

    One that was tried before keeps its `webhook-id`: the forum may have taken it and not said so.
    """
    forum.callback_disabled = ""
    told = exists().where(Delivery.verdict_id == Verdict.id, Delivery.state.in_(("delivered", "pending")))
    missed = select(Verdict, Post).join(Post, Post.id == Verdict.post_id)
    missed = missed.where(Post.forum_id == forum.id, Post.deleted.is_(False), Verdict.current, ~told)
    count = 0
    for verdict, post in session.execute(missed.order_by(Verdict.id)).all():
        if verdict.revision.number != post.revision:
            continue
        count += 1
        if tried := _tried(session, verdict):
            start_over(tried)
        else:
            event = "post.decision" if verdict.decided_by else "post.verdict"
            announce(
                session, post, verdict.revision, verdict, event, **to_show(session, verdict.revision, verdict.document)
            )
    audit.write(session, "turned_callbacks_on", forum=forum.id)
    return count


def start_over(row: Delivery) -> None:
    """Send a callback again from the start of the schedule, under its `webhook-id`."""
    row.state, row.due_at, row.attempts = "pending", now(), 0
    row.lease_owner, row.lease_until, row.delivered_at = "", None, None


def _tried(session: Session, verdict: Verdict) -> Delivery | None:
    """The newest callback of a verdict that was given up."""
    given_up = select(Delivery).where(Delivery.verdict_id == verdict.id, Delivery.state == "given_up")
    return session.scalar(given_up.where(Delivery.event != CARE).order_by(Delivery.created_at.desc()).limit(1))

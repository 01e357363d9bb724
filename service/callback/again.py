"""Callbacks sent once more: one by one, or all that a forum missed."""

from __future__ import annotations

import logging

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Conflict
from service.redactions import to_show
from service.store.models import Delivery, Forum, Post, Verdict, now
from service.verdicts import CARE, announce

log = logging.getLogger(__name__)


def turn_on(session: Session, forum: Forum) -> int:
    """Let callbacks go out again, and tell the forum each verdict in force that it was not told, but for those that were
    damaged. How many these are.

    One that was tried before keeps its `webhook-id`: the forum may have taken it and not said so.
    """
    forum.callback_disabled = ""
    of_verdict = (Delivery.verdict_id == Verdict.id, Delivery.event != CARE)
    told = exists().where(*of_verdict, Delivery.state.in_(("delivered", "pending")))
    missed = select(Verdict, Post).join(Post, Post.id == Verdict.post_id)
    missed = missed.where(Post.forum_id == forum.id, Post.deleted.is_(False), Post.kept, Verdict.current, ~told)
    count = 0
    for verdict, post in session.execute(missed.order_by(Verdict.id)).all():
        if verdict.revision.number == post.revision and _tell(session, post, verdict):
            count += 1
    audit.write(session, "turned_callbacks_on", forum=forum.id)
    return count


def send_anew(row: Delivery) -> None:
    """Have a callback sent by the whole schedule once more, under the same `webhook-id`."""
    row.state, row.due_at, row.attempts = "pending", now(), 0
    row.lease_owner, row.lease_until, row.delivered_at = "", None, None


def _tell(session: Session, post: Post, verdict: Verdict) -> bool:
    """Tell of a verdict; where that was given up, by the same callback: it may have arrived without our knowing. False where
    nobody can say any more what the forum is to show.
    """
    given_up = select(Delivery).where(
        Delivery.verdict_id == verdict.id, Delivery.event != CARE, Delivery.state == "given_up"
    )
    row = session.scalar(given_up.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(1))
    if row is not None:
        send_anew(row)
        return True
    try:
        shown = to_show(session, verdict.revision, verdict.document)
    except Conflict:
        log.error(
            "verdict %s of post %s was damaged in the database, and the forum is not told of it", verdict.id, post.id
        )
        return False
    event = "post.decision" if verdict.decided_by else "post.verdict"
    announce(session, post, verdict.revision, verdict, event, **shown)
    return True

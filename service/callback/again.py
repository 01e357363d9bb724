"""Callbacks turned on again: the forum is told what it missed."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service import audit
from service.redactions import to_show
from service.store.models import Delivery, Forum, Post, Verdict
from service.verdicts import announce


def turn_on(session: Session, forum: Forum) -> int:
    """Let callbacks go out again, and tell the forum each verdict in force that it was not told. How many these are."""
    forum.callback_disabled = ""
    told = exists().where(Delivery.verdict_id == Verdict.id, Delivery.state.in_(("delivered", "pending")))
    missed = select(Verdict, Post).join(Post, Post.id == Verdict.post_id)
    missed = missed.where(Post.forum_id == forum.id, Post.deleted.is_(False), Verdict.current, ~told)
    count = 0
    for verdict, post in session.execute(missed.order_by(Verdict.id)).all():
        if verdict.revision.number == post.revision:
            event = "post.decision" if verdict.decided_by else "post.verdict"
            announce(
                session, post, verdict.revision, verdict, event, **to_show(session, verdict.revision, verdict.document)
            )
            count += 1
    audit.write(session, "turned_callbacks_on", forum=forum.id)
    return count

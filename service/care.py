"""Care for an author beside moderating their post: help sent, a person's reply, a check-in tomorrow, how it went.

None of it changes what becomes of the post. Each step is written down for the colleagues.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from service import audit
from service.erasure.missing import missing
from service.errors import Conflict, Invalid
from service.policy.policy import crisis_resources
from service.store.models import Care, Delivery, Forum, Moderator, Post, QueueItem, Revision, Verdict, now
from service.tracing import carried
from service.verdicts import CARE

CHECK_IN = timedelta(days=1)
"""When somebody looks again how the author is."""
MOST = 200
"""Open cases on one page."""
OUTCOMES = ("replied", "referred", "no_answer")


def send_help(session: Session, item_id: str, by: Moderator, message: str) -> Care:
    """Have the forum send `message` and the crisis lines of its region to the author.

    Raises Conflict where the forum has no callback that could carry it.
    """
    care, post = _of(session, item_id)
    forum, item = session.get_one(Forum, post.forum_id), session.get_one(QueueItem, item_id)
    if not forum.callback_url or forum.callback_disabled:
        raise Conflict(
            _(
                "Heed has no way to reach this forum's authors: its callback is off. Write to the author on the forum, "
                "then mark here that a person has replied."
            )
        )
    data = {
        "forum": forum.slug,
        "post_id": post.id,
        "external_id": post.external_id,
        "revision": post.revision,
        "message": message,
        "crisis_resources": list(crisis_resources(forum.region)),
    }
    payload: dict[str, Any] = {"type": CARE, "timestamp": now().isoformat(), "data": data}
    row = Delivery(forum_id=forum.id, post_id=post.id, verdict_id=item.verdict_id, event=CARE, payload=payload)
    row.traceparent = carried()
    session.add(row)
    care.sent_at = now()
    _open_again(care)
    audit.write(session, "sent_help", moderator_id=by.id, post_id=post.id)
    return care


def note_reply(session: Session, item_id: str, by: Moderator) -> Care:
    """Somebody wrote to the author."""
    care, post = _of(session, item_id)
    care.replied_at = now()
    audit.write(session, "noted_reply", moderator_id=by.id, post_id=post.id)
    return care


def plan_check_in(session: Session, item_id: str, by: Moderator) -> Care:
    """Remind the moderators tomorrow to look how the author is."""
    care, post = _of(session, item_id)
    care.check_in_at, care.check_in_by, care.outcome = now() + CHECK_IN, by.id, ""
    audit.write(session, "planned_check_in", moderator_id=by.id, post_id=post.id)
    return care


def close(session: Session, item_id: str, by: Moderator, outcome: str) -> Care:
    """Say how it went; an empty `outcome` opens it again. Raises Invalid for an unknown one."""
    if outcome and outcome not in OUTCOMES:
        raise Invalid(_("Choose how it went from the list."), field="outcome")
    care, post = _of(session, item_id)
    if outcome:
        care.outcome = outcome
    else:
        _open_again(care)
    audit.write(session, "closed_care" if outcome else "reopened_care", moderator_id=by.id, post_id=post.id, to=outcome)
    return care


def open_cases(session: Session) -> list[tuple[Care, QueueItem, Revision]]:
    """Authors whose case nobody has closed, the first check-in first; posts that are gone too: their authors are not."""
    order = (Care.check_in_at.is_(None), Care.check_in_at, Care.created_at)
    query = _open().add_columns(Revision).join(Verdict, Verdict.id == QueueItem.verdict_id)
    query = query.join(Revision, Revision.id == Verdict.revision_id).order_by(*order)
    return [tuple(row) for row in session.execute(query.limit(MOST))]


def due_check_ins(session: Session, moment: datetime) -> int:
    """How many authors somebody should look after now."""
    due = _open().where(Care.check_in_at <= moment).with_only_columns(func.count())
    return session.scalar(due) or 0


def _open() -> Select[tuple[Care, QueueItem]]:
    return select(Care, QueueItem).join(QueueItem, QueueItem.post_id == Care.post_id).where(Care.outcome == "")


def _open_again(care: Care) -> None:
    """A closed case is open; a check-in of then is over."""
    if care.outcome:
        care.outcome, care.check_in_at = "", None


def _of(session: Session, item_id: str) -> tuple[Care, Post]:
    """The case of an item's author, begun where there is none; its post is locked."""
    item = session.get(QueueItem, item_id)
    post = session.get(Post, item.post_id, with_for_update=True) if item else None
    if post is None:
        raise missing(session, item_id)
    care = session.get(Care, post.id)
    if care is None:
        care = Care(post_id=post.id, outcome="")
        session.add(care)
    return care, post

"""Verdicts as they are kept: superseded, withdrawn, told to the forum, shown.

Each function works inside the caller's transaction: a verdict, its queue item and its callback stand or fall together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import appeals
from service.erasure import receipts
from service.store.models import Care, Delivery, Forum, Post, QueueItem, Revision, Verdict, new_id, now
from service.tracing import carried
from service.urgency import CRISIS_LANE

OURS = frozenset({"published", "published_title", "parent_spans"})
"""What a verdict's document holds for Heed's own use."""
CARE = "post.care"
"""The event that sends an author help: it stands whatever becomes of the verdict."""


def withdraw(session: Session, post: Post, *, edited: bool) -> None:
    """What waited for an older revision of the post, or for a deleted one, waits no longer.

    Where a life may be at stake an edited post stays in sight until its new text is read, and of a deleted one its author
    stays on the list of care: somebody who writes and takes back what they wrote needs a person all the more.
    """
    item = session.scalar(select(QueueItem).where(QueueItem.post_id == post.id))
    if item is not None and item.state != "withdrawn":
        unseen = item.state == "open" and item.lane == CRISIS_LANE
        item.version += 1
        if not (unseen and edited):
            item.state = "withdrawn"
        if unseen and not edited:
            look_after(session, post)
    appeals.drop(session, post, item)
    drop_callbacks(session, post)


def look_after(session: Session, post: Post) -> None:
    """Have somebody look after the author of a post that nobody has seen in time."""
    if session.get(Care, post.id) is None:
        session.add(Care(post_id=post.id, check_in_at=now()))


def drop_callbacks(session: Session, *posts: Post) -> None:
    """Callbacks of the posts not sent yet speak of verdicts that stand no more; help for their authors still does."""
    theirs = Delivery.post_id.in_([post.id for post in posts])
    waiting = (theirs, Delivery.state == "pending", Delivery.event != CARE)
    session.execute(update(Delivery).where(*waiting).values(state="superseded"))


def current_verdict(session: Session, post: Post) -> Verdict | None:
    return session.scalar(select(Verdict).where(Verdict.post_id == post.id, Verdict.current))


def public_json(session: Session, post: Post) -> dict[str, Any]:
    """The answer to `GET /v1/posts/{id}`: where the post stands and, once there is one, its verdict."""
    answer = unread_json(post)
    if appeal := appeals.newest(session, post):
        answer["appeal"] = appeals.public_json(appeal)
    if erasure := receipts.of_post(session, post):
        answer["erasure"] = receipts.public_json(erasure)
    verdict = current_verdict(session, post)
    if verdict is not None and not post.deleted and verdict.revision.number == post.revision:
        answer["status"] = "done"
        answer["verdict"] = verdict_json(verdict)
    return answer


def unread_json(post: Post) -> dict[str, Any]:
    """The same for a post that came just now."""
    return {
        "id": post.id,
        "external_id": post.external_id,
        "revision": post.revision,
        "status": "deleted" if post.deleted else "pending",
        "verdict": None,
        "appeal": None,
        "erasure": None,
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict as the API shows it to the forum that sent the post."""
    return {
        "id": verdict.id,
        "removed_for": "",
        "message": "",
        "redacted_title": None,
        **{name: value for name, value in whole(verdict.document).items() if name not in OURS},
        "action": verdict.action,
        "severity": verdict.severity,
        "decided_by": "moderator" if verdict.decided_by else "models",
        "decided_at": verdict.created_at.isoformat(),
    }


def whole(document: Any) -> dict[str, Any]:
    """A verdict's document with what is missing from it: one that can't be read can be decided all the same."""
    known = document if isinstance(document, dict) else {}
    lists = {name: [] for name in ("labels", "spans", "reasons", "crisis_resources")}
    lacking = {"action": "hold", "severity": "none", "checked": False, "not_checked": "failed", "redacted": None}
    return {**lacking, **lists, "policy_version": "", "models": {}, **known}


def make_current(
    session: Session,
    post: Post,
    revision: Revision,
    document: dict[str, Any],
    *,
    decided_by: str | None = None,
    note: str = "",
    again: Verdict | None = None,
) -> Verdict:
    """One more verdict of the post, and the only current one.

    `again` is an older one that an undo brings back. What stood before it then does so now: decisions are taken back in
    the turn they were made, never in a ring.
    """
    before = current_verdict(session, post)
    if before:
        session.execute(update(Verdict).where(Verdict.post_id == post.id, Verdict.current).values(current=False))
    verdict = following(before, revision, document)
    verdict.decided_by, verdict.note = decided_by, note
    if again:
        verdict.instead_of = again.instead_of
    session.add(verdict)
    session.flush()
    return verdict


def following(before: Verdict | None, revision: Revision, document: dict[str, Any]) -> Verdict:
    """A verdict of the revision to come after `before`, which was current until then; not in the database yet."""
    return Verdict(
        id=new_id("verdict"),
        post_id=revision.post_id,
        revision_id=revision.id,
        revision=revision,
        current=True,
        action=document["action"],
        severity=document["severity"],
        document=document,
        policy_version=document["policy_version"],
        instead_of=before.id if before and before.revision_id == revision.id else None,
        created_at=now(),
    )


def announce(session: Session, post: Post, revision: Revision, verdict: Verdict, event: str, **more: Any) -> None:
    """Put the callback into the outbox; `more` are members of its data beside, or instead of, those of every verdict."""
    drop_callbacks(session, post)
    if row := callback(post, revision, verdict, event, **more):
        session.add(row)


def callback(post: Post, revision: Revision, verdict: Verdict, event: str, **more: Any) -> Delivery | None:
    """The outbox's row; None where the forum wants no callbacks. Not in the database yet."""
    forum = post.forum
    if not forum.callback_url or forum.callback_disabled:
        return None
    payload = callback_payload(forum, post, revision, verdict, event, **more)
    return Delivery(
        forum_id=forum.id,
        post_id=post.id,
        verdict_id=verdict.id,
        event=event,
        payload=payload,
        traceparent=carried(),
    )


def callback_payload(
    forum: Forum, post: Post, revision: Revision, verdict: Verdict, event: str, **more: Any
) -> dict[str, Any]:
    """What the forum is told: ids, action, labels, spans, versions; no word of the post but a text to be shown."""
    document = whole(verdict.document) | {"action": verdict.action, "severity": verdict.severity}
    data = {
        "forum": forum.slug,
        "post_id": post.id,
        "external_id": post.external_id,
        "revision": revision.number,
        "verdict_id": verdict.id,
        "decided_by": "moderator" if verdict.decided_by else "models",
    }
    shown = ("action", "severity", "checked", "not_checked", "spans", "reasons", "crisis_resources")
    data |= {key: document[key] for key in (*shown, "policy_version", "models")}
    data |= {"removed_for": document.get("removed_for", ""), "message": document.get("message", "")}
    data |= more
    data["labels"] = [found for found in document["labels"] if found.get("flagged")]
    return {"type": event, "timestamp": verdict.created_at.isoformat(), "data": data}

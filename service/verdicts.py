"""Verdicts as they are kept: recorded, superseded, told to the forum, shown.

Each function works inside the caller's transaction: a verdict, its queue item and its callback stand or fall together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from classifiers.findings import Findings
from service import urgency
from service.store.models import Delivery, Forum, Post, QueueItem, Revision, Skip, Verdict, now

OURS = frozenset({"published", "published_title", "parent_spans"})
"""What a verdict's document holds for Heed's own use."""
CARE = "post.care"
"""The event that sends an author help: it stands whatever becomes of the verdict."""


def record_verdict(
    session: Session, revision: Revision, document: dict[str, Any], findings: Findings | None = None
) -> Verdict | None:
    """Make `document` the current verdict of the revision's post, queue it for review where its action asks for it,
    and put the callback into the outbox. None where the revision is no longer the post's newest or the post is gone.
    `findings` are kept, so that another policy can be tried on them.
    """
    post = session.get(Post, revision.post_id, with_for_update=True)
    if post is None or post.deleted or post.revision != revision.number:
        return None
    revision.state, revision.finished_at = "done", now()
    revision.lease_owner, revision.lease_until = "", None
    verdict = make_current(session, post, revision, document)
    verdict.findings = findings.to_json() if findings else None
    _queue(session, post, verdict)
    announce(session, post, revision, verdict, "post.verdict")
    return verdict


def withdraw(session: Session, post: Post) -> None:
    """What waited for an older revision of the post, or for a deleted one, waits no longer."""
    item = session.scalar(select(QueueItem).where(QueueItem.post_id == post.id))
    if item is not None and item.state != "withdrawn":
        item.state, item.version = "withdrawn", item.version + 1
    drop_callbacks(session, post)


def drop_callbacks(session: Session, post: Post) -> None:
    """Callbacks of the post not sent yet speak of a verdict that stands no more; help for its author still does."""
    waiting = (Delivery.post_id == post.id, Delivery.state == "pending", Delivery.event != CARE)
    session.execute(update(Delivery).where(*waiting).values(state="superseded"))


def current_verdict(session: Session, post: Post) -> Verdict | None:
    return session.scalar(select(Verdict).where(Verdict.post_id == post.id, Verdict.current))


def public_json(session: Session, post: Post) -> dict[str, Any]:
    """The answer to `GET /v1/posts/{id}`: where the post stands and, once there is one, its verdict."""
    answer: dict[str, Any] = {
        "id": post.id,
        "external_id": post.external_id,
        "revision": post.revision,
        "status": "deleted" if post.deleted else "pending",
        "verdict": None,
    }
    verdict = current_verdict(session, post)
    if verdict is not None and not post.deleted and verdict.revision.number == post.revision:
        answer["status"] = "done"
        answer["verdict"] = verdict_json(verdict)
    return answer


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict as the API shows it to the forum that sent the post."""
    return {
        "id": verdict.id,
        "removed_for": "",
        "message": "",
        "redacted_title": None,
        **{name: value for name, value in verdict.document.items() if name not in OURS},
        "decided_by": "moderator" if verdict.decided_by else "models",
        "decided_at": verdict.created_at.isoformat(),
    }


def make_current(
    session: Session,
    post: Post,
    revision: Revision,
    document: dict[str, Any],
    *,
    decided_by: str | None = None,
    note: str = "",
) -> Verdict:
    """One more verdict of the post, and the only current one."""
    before = current_verdict(session, post)
    session.execute(update(Verdict).where(Verdict.post_id == post.id, Verdict.current).values(current=False))
    verdict = Verdict(
        post_id=post.id,
        revision_id=revision.id,
        revision=revision,
        action=document["action"],
        severity=document["severity"],
        document=document,
        policy_version=document["policy_version"],
        decided_by=decided_by,
        note=note,
        instead_of=before.id if before and before.revision_id == revision.id else None,
    )
    session.add(verdict)
    session.flush()
    return verdict


def _queue(session: Session, post: Post, verdict: Verdict) -> None:
    item = session.scalar(select(QueueItem).where(QueueItem.post_id == post.id))
    wanted = verdict.action != "allow"
    if item is None and not wanted:
        return
    due = verdict.created_at + urgency.target(verdict.document)
    if item is None:
        item = QueueItem(post_id=post.id, forum_id=post.forum_id, version=0, due_at=due)
        session.add(item)
    # An edit never moves a post that waits further back.
    item.due_at = min(item.due_at, due) if item.state == "open" else due
    item.verdict_id = verdict.id
    item.state = "open" if wanted else "withdrawn"
    item.board, item.severity = verdict.revision.board, verdict.severity
    item.labels, item.lane = urgency.topics(verdict.document), urgency.lane(verdict.document)
    item.version, item.created_at = item.version + 1, verdict.created_at
    item.forget_decision()
    item.let_go()
    if item.id:
        # Whoever left the older text to others may well want to read this one.
        session.execute(delete(Skip).where(Skip.item_id == item.id))


def announce(
    session: Session,
    post: Post,
    revision: Revision,
    verdict: Verdict,
    event: str,
    body: str | None = None,
    title: str | None = None,
) -> None:
    """Put the callback into the outbox; `body` and `title` are what the forum is to show from now on, where that changes."""
    drop_callbacks(session, post)
    forum = session.get_one(Forum, post.forum_id)
    if forum.callback_url and not forum.callback_disabled:
        payload = callback_payload(forum, post, revision, verdict, event, body, title)
        session.add(Delivery(forum_id=forum.id, post_id=post.id, verdict_id=verdict.id, event=event, payload=payload))


def callback_payload(
    forum: Forum,
    post: Post,
    revision: Revision,
    verdict: Verdict,
    event: str,
    body: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """What the forum is told: ids, action, labels, spans, versions; no word of the post but a text to be shown."""
    document = verdict.document
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
    data |= {name: text for name, text in (("body", body), ("title", title)) if text is not None}
    data["labels"] = [found for found in document["labels"] if found["flagged"]]
    return {"type": event, "timestamp": verdict.created_at.isoformat(), "data": data}

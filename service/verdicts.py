"""Verdicts as they are kept: recorded, superseded, told to the forum, shown.

Each function works inside the caller's transaction: a verdict, its queue item and its callback stand or fall together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from classifiers.findings import Findings
from service import appeals, urgency
from service.erasure import receipts
from service.store.models import Care, Delivery, Forum, Post, QueueItem, Revision, Skip, Verdict, now
from service.tracing import carried
from service.urgency import CRISIS_LANE

OURS = frozenset({"published", "published_title", "parent_spans"})
"""What a verdict's document holds for Heed's own use."""
TOLD = ("action", "severity", "checked", "not_checked", "redacted")
"""Of a verdict's document, what a forum acts on, beside its labels and spans."""
CARE = "post.care"
"""The event that sends an author help: it stands whatever becomes of the verdict."""


def record_verdict(
    session: Session, revision: Revision, document: dict[str, Any], findings: Findings | None = None
) -> Verdict | None:
    """Make `document` the current verdict of the revision's post, queue it for review where its action asks for it,
    and put the callback into the outbox. None where the revision is no longer the post's newest or the post is gone.
    `findings` are kept, so that another policy can be tried on them.

    Read again, a post keeps what a person decided meanwhile; where the forum would be told the same, it is told nothing.
    A text that is not kept gets its verdict and nothing else.
    """
    post = session.get(Post, revision.post_id, with_for_update=True)
    if post is None or post.deleted or post.revision != revision.number:
        return None
    revision.state, revision.finished_at = "done", now()
    revision.lease_owner, revision.lease_until = "", None
    before = current_verdict(session, post)
    again = before if before and before.revision_id == revision.id else None
    if again and (again.decided_by or appeals.open_on(session, post.id)):
        return again
    verdict = make_current(session, post, revision, document)
    verdict.findings = findings.to_json() if findings else None
    if not post.kept:
        return verdict
    if again and says_the_same(whole(again.document), document):
        session.execute(update(QueueItem).where(QueueItem.verdict_id == again.id).values(verdict_id=verdict.id))
        return verdict
    _queue(session, post, verdict)
    announce(session, post, revision, verdict, "post.verdict")
    return verdict


def says_the_same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two verdicts' documents tell a forum the same; scores may differ."""
    return _told(before) == _told(after)


def _told(document: dict[str, Any]) -> tuple[object, ...]:
    labels = sorted((found["area"], found["label"]) for found in document["labels"] if found["flagged"])
    spans = sorted((span["area"], span["type"], span["start"], span["end"]) for span in document["spans"])
    return *(document[name] for name in TOLD), labels, spans


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
            _look_after(session, post)
    appeals.drop(session, post, item)
    drop_callbacks(session, post)


def _look_after(session: Session, post: Post) -> None:
    """Have somebody look after the author of a post that nobody has seen in time."""
    if session.get(Care, post.id) is None:
        session.add(Care(post_id=post.id, check_in_at=now()))


def drop_callbacks(session: Session, post: Post) -> None:
    """Callbacks of the post not sent yet speak of a verdict that stands no more; help for its author still does."""
    waiting = (Delivery.post_id == post.id, Delivery.state == "pending", Delivery.event != CARE)
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
    instead_of = before.id if before and before.revision_id == revision.id else None
    if before:
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
        instead_of=again.instead_of if again else instead_of,
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
    elif _waited(session, item):
        # An edit never moves a post that waits further back.
        due = min(item.due_at, due)
        if item.lane == CRISIS_LANE and not wanted:
            _look_after(session, post)
    item.due_at = due
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


def _waited(session: Session, item: QueueItem) -> bool:
    """Whether the post's older text waited for a person whom it never saw."""
    older = session.get(Verdict, item.verdict_id)
    return item.state != "decided" and item.decided_by is None and older is not None and older.action != "allow"


def announce(session: Session, post: Post, revision: Revision, verdict: Verdict, event: str, **more: Any) -> None:
    """Put the callback into the outbox; `more` are members of its data beside, or instead of, those of every verdict."""
    drop_callbacks(session, post)
    forum = session.get_one(Forum, post.forum_id)
    if forum.callback_url and not forum.callback_disabled:
        payload = callback_payload(forum, post, revision, verdict, event, **more)
        row = Delivery(forum_id=forum.id, post_id=post.id, verdict_id=verdict.id, event=event, payload=payload)
        row.traceparent = carried()
        session.add(row)


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

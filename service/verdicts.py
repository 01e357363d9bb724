"""Verdicts as they are kept: recorded, superseded, decided by people, taken back, shown.

Each function works inside the caller's transaction: a verdict, its queue item and its callback stand or fall together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from classifiers.findings import Findings
from classifiers.labels import DISTRESS
from service import audit, urgency
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.policy.policy import crisis_resources
from service.store.models import Delivery, Forum, Moderator, Post, QueueItem, Revision, Skip, Verdict, now

DECISIONS = {"approve": "allow", "hold": "hold", "remove": "remove", "escalate": "escalate"}
"""What a moderator may decide, and the action the forum is told."""


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
    verdict = _make_current(session, post, revision, document)
    verdict.findings = findings.to_json() if findings else None
    _queue(session, post, verdict)
    _announce(session, post, revision, verdict, "post.verdict")
    return verdict


def record_decision(
    session: Session,
    item_id: str,
    version: int,
    moderator: Moderator,
    action: str,
    note: str = "",
    label: str = "",
    agreed_by: str | None = None,
) -> Verdict:
    """A moderator's decision on an open item: a new verdict by a person, told to the forum like any other.

    Raises Conflict where somebody else was faster, Forbidden for `remove` of a person's own distress unless another
    moderator, `agreed_by`, proposed it.
    """
    post, item = _item(session, item_id, version)
    if item.state != "open":
        raise Conflict("This post waits no longer: it was decided, edited or deleted meanwhile. Reload to see how.")
    if action not in DECISIONS:
        raise Invalid(f"Choose one of {', '.join(DECISIONS)}.", field="action")
    machine = session.get_one(Verdict, item.verdict_id)
    alone = agreed_by in (None, moderator.id)
    if action == "remove" and alone and flagged_distress(machine.document):
        raise Forbidden(
            "This post may be a cry for help, and a person in distress is never punished. "
            "Escalate it, or hold it while somebody answers the author."
        )
    document = {**machine.document, "action": DECISIONS[action], "removed_for": label if action == "remove" else ""}
    if action == "escalate":
        document["crisis_resources"] = list(crisis_resources(session.get_one(Forum, post.forum_id).region))
    verdict = _make_current(session, post, machine.revision, document, decided_by=moderator.id, note=note)
    item.state, item.version = "decided", item.version + 1
    item.decision, item.decided_by, item.decided_at = verdict.action, moderator.id, now()
    _announce(session, post, machine.revision, verdict, "post.decision")
    detail = {"action": action, "verdict": verdict.id, "label": label} | ({"agreed_by": agreed_by} if agreed_by else {})
    audit.write(session, "decided", moderator_id=moderator.id, post_id=post.id, **detail)
    return verdict


def undo_decision(session: Session, item_id: str, version: int, moderator: Moderator) -> Verdict:
    """Take a decision back, however old: the models' verdict stands again, the post waits, and the forum is told."""
    post, item = _item(session, item_id, version)
    if item.state != "decided":
        raise Conflict("There is no decision to undo: the post is waiting again, or was edited or deleted.")
    machine = session.get_one(Verdict, item.verdict_id)
    verdict = _make_current(session, post, machine.revision, machine.document)
    item.state, item.version, item.verdict_id = "open", item.version + 1, verdict.id
    item.forget_decision()
    _announce(session, post, machine.revision, verdict, "post.decision")
    audit.write(session, "undid", moderator_id=moderator.id, post_id=post.id, verdict=verdict.id)
    return verdict


def withdraw(session: Session, post: Post) -> None:
    """What waited for an older revision of the post, or for a deleted one, waits no longer."""
    item = session.scalar(select(QueueItem).where(QueueItem.post_id == post.id))
    if item is not None and item.state != "withdrawn":
        item.state, item.version = "withdrawn", item.version + 1
    drop_callbacks(session, post)


def drop_callbacks(session: Session, post: Post) -> None:
    """Callbacks of the post not sent yet speak of a verdict that stands no more."""
    session.execute(
        update(Delivery).where(Delivery.post_id == post.id, Delivery.state == "pending").values(state="superseded")
    )


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
        **verdict.document,
        "decided_by": "moderator" if verdict.decided_by else "models",
        "decided_at": verdict.created_at.isoformat(),
    }


def flagged_distress(document: dict[str, Any]) -> bool:
    """Whether a label of the author's own state counted."""
    return any(r["area"] == "self_harm" and r["label"] in DISTRESS for r in document["reasons"])


def _item(session: Session, item_id: str, version: int) -> tuple[Post, QueueItem]:
    """The item with its post, both locked: the post first, as everywhere, so that an edit and a decision take turns."""
    post_id = session.scalar(select(QueueItem.post_id).where(QueueItem.id == item_id))
    post = session.get(Post, post_id, with_for_update=True) if post_id else None
    item = session.get(QueueItem, item_id, with_for_update=True) if post else None
    if post is None or item is None:
        raise NotFound("There is no such item in the queue. Go back to the queue and reload it.")
    if item.version != version:
        raise Conflict("Somebody changed this item while you were reading. Reload to see what they did.")
    return post, item


def _make_current(
    session: Session,
    post: Post,
    revision: Revision,
    document: dict[str, Any],
    *,
    decided_by: str | None = None,
    note: str = "",
) -> Verdict:
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


def _announce(session: Session, post: Post, revision: Revision, verdict: Verdict, event: str) -> None:
    drop_callbacks(session, post)
    forum = session.get_one(Forum, post.forum_id)
    if forum.callback_url and not forum.callback_disabled:
        payload = callback_payload(forum, post, revision, verdict, event)
        session.add(Delivery(forum_id=forum.id, post_id=post.id, verdict_id=verdict.id, event=event, payload=payload))


def callback_payload(forum: Forum, post: Post, revision: Revision, verdict: Verdict, event: str) -> dict[str, Any]:
    """What the forum is told: ids, action, labels, spans, versions; never a word of the post."""
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
    data["removed_for"] = document.get("removed_for", "")
    data["labels"] = [found for found in document["labels"] if found["flagged"]]
    return {"type": event, "timestamp": verdict.created_at.isoformat(), "data": data}

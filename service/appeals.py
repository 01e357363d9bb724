"""Appeals: an author sees it otherwise, and somebody else than whoever decided looks again.

What stood stands until then, and the forum is told nothing. Each function works inside the caller's transaction, with the
post locked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service import audit, recusals, urgency
from service.errors import Conflict
from service.store.models import Appeal, Post, QueueItem, Verdict, now

TOPIC = "appeal.open"
"""What an item's `labels` hold beside those of its verdict."""
MOST = 3
"""Appeals of one post, so that nobody is worn down: neither its author nor who reads."""
TAKEN = {"allow": 0, "flag": 0, "redact": 1, "hold": 2, "escalate": 2, "remove": 3}
"""How much an action takes from the author."""
NO_VERDICT = (
    "The post waits to be read, or is deleted: there is no verdict to appeal. Ask for it by `GET /v1/posts/{id}`."
)
NOTHING_TAKEN = "The post is published, and nothing was taken from its author: there is nothing to appeal."


def begin(
    session: Session, post: Post, standing: Verdict | None, external_id: str, text: str, posted_at: datetime | None
) -> Appeal:
    """Take in an appeal against the verdict in force: its item waits again, for somebody else. Sent twice, it is one.

    Raises Conflict, which says why, where there is nothing to appeal.
    """
    known = find(session, post, external_id)
    if known is not None:
        if known.text != text:
            raise Conflict(
                "This appeal was sent before with another text. Give a new one an id of its own.", field="id"
            )
        return known
    item = _item(session, post)
    if standing is None or item is None or post.deleted or standing.revision.number != post.revision:
        raise Conflict(NO_VERDICT)
    if TAKEN[standing.action] == 0:
        raise Conflict(NOTHING_TAKEN)
    _check_others(session, post)
    appeal = Appeal(
        post_id=post.id, verdict_id=standing.id, external_id=external_id, text=text, posted_at=posted_at, state="open"
    )
    session.add(appeal)
    session.flush()
    recusals.recuse(session, appeal, standing)
    _bring_back(item, session.get_one(Verdict, item.verdict_id))
    audit.write(session, "appealed", post_id=post.id, appeal=appeal.id, verdict=standing.id)
    return appeal


def take_back(session: Session, post: Post, standing: Verdict | None, appeal: Appeal) -> None:
    """The author no longer appeals: what was decided is decided. One that is settled stays so."""
    item = _item(session, post)
    if appeal.state != "open" or item is None:
        return
    appeal.state, appeal.settled_at = "withdrawn", now()
    mark(item, appealed=False)
    item.version += 1
    if standing is not None and standing.decided_by:
        item.state = "decided"
        # Since when it waited before: the numbers say how long people took.
        first = select(func.min(Verdict.created_at)).where(Verdict.revision_id == standing.revision_id)
        item.created_at = session.scalar(first) or item.created_at
        item.let_go()
    audit.write(session, "withdrew_appeal", post_id=post.id, appeal=appeal.id)


def drop(session: Session, post: Post, item: QueueItem | None) -> None:
    """The text that was decided about is edited or gone, and what its author said against the decision with it."""
    if item is not None:
        mark(item, appealed=False)
    waiting = (Appeal.post_id == post.id, Appeal.state == "open")
    session.execute(update(Appeal).where(*waiting).values(state="withdrawn", settled_at=now()))


def settle(item: QueueItem, appeal: Appeal, standing: Verdict, decision: Verdict) -> None:
    """Say how the appeal went: `granted` where the author gets back anything of what `standing` took, else `upheld`."""
    appeal.state = outcome(standing, decision)
    appeal.settled_at, appeal.decision_id = now(), decision.id
    mark(item, appealed=False)


def reopen(item: QueueItem, appeal: Appeal) -> None:
    """The decision on the appeal was taken back: it waits again."""
    appeal.state, appeal.settled_at, appeal.decision_id = "open", None, None
    mark(item, appealed=True)


def follow(session: Session, before: Verdict, again: Verdict) -> None:
    """A verdict that decided an appeal is in force once more, as `again`: taking that back opens the appeal."""
    session.execute(update(Appeal).where(Appeal.decision_id == before.id).values(decision_id=again.id))


def outcome(before: Verdict, after: Verdict) -> str:
    """`granted` or `upheld`, by the verdict appealed and the decision. Redacted anew where nobody can read any more what was left
    out before, it is upheld.
    """
    less = TAKEN[after.action] < TAKEN[before.action]
    known = before.document.get("published")
    other_words = after.action == "redact" == before.action and known is not None
    return "granted" if less or (other_words and after.document["published"] != known) else "upheld"


def mark(item: QueueItem, *, appealed: bool) -> None:
    """Let the queue find the item among the appeals, or no longer."""
    item.labels = urgency.joined({*item.labels.split()} - {TOPIC} | ({TOPIC} if appealed else set()))


def find(session: Session, post: Post, id_: str) -> Appeal | None:
    """An appeal of the post by our id or by the forum's own."""
    mine = select(Appeal).where(Appeal.post_id == post.id)
    return session.scalar(mine.where(Appeal.external_id == id_)) or session.scalar(mine.where(Appeal.id == id_))


def open_on(session: Session, post_id: str) -> Appeal | None:
    return session.scalar(select(Appeal).where(Appeal.post_id == post_id, Appeal.state == "open"))


def decided_by(session: Session, verdict: Verdict) -> Appeal | None:
    """The appeal that the verdict decided."""
    mine = select(Appeal).where(Appeal.post_id == verdict.post_id, Appeal.decision_id == verdict.id)
    return session.scalar(mine)


def newest(session: Session, post: Post) -> Appeal | None:
    order = (Appeal.created_at.desc(), Appeal.id.desc())
    return session.scalar(select(Appeal).where(Appeal.post_id == post.id).order_by(*order).limit(1))


def public_json(appeal: Appeal) -> dict[str, Any]:
    """An appeal as the API shows it: never its words."""
    return {
        "id": appeal.id,
        "external_id": appeal.external_id,
        "state": appeal.state,
        "created_at": appeal.created_at.isoformat(),
        "settled_at": appeal.settled_at.isoformat() if appeal.settled_at else None,
    }


def told(appeal: Appeal) -> dict[str, str]:
    """What a callback says of the appeal that its decision is about."""
    return {"id": appeal.id, "external_id": appeal.external_id, "outcome": appeal.state}


def _check_others(session: Session, post: Post) -> None:
    """Raises Conflict where the post has an open appeal, or had all that it may have."""
    states = list(session.scalars(select(Appeal.state).where(Appeal.post_id == post.id)))
    if "open" in states:
        raise Conflict("An appeal of this post is open already. Wait for its outcome, or withdraw it first.")
    if len(states) >= MOST:
        raise Conflict(
            f"This post was appealed {MOST} times, which is all. Its author may edit it, or write to the staff."
        )


def _bring_back(item: QueueItem, machine: Verdict) -> None:
    """Have the item wait for a person; one that waits already is due by the nearer time."""
    moment = now()
    due = moment + urgency.target_of_appeal(machine.document)
    if item.state == "open":
        item.due_at = min(item.due_at, due)
    else:
        item.state, item.created_at, item.due_at = "open", moment, due
        item.assigned_to = None
        item.let_go()
    item.version += 1
    mark(item, appealed=True)


def _item(session: Session, post: Post) -> QueueItem | None:
    return session.scalar(select(QueueItem).where(QueueItem.post_id == post.id).with_for_update())

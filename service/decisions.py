"""What people decide of posts: one decision, taken back at any time, each told to the forum.

Each function works inside the caller's transaction: a decision, its verdict and its callback stand or fall together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.labels import DISTRESS
from service import audit, second_readings
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.policy.policy import crisis_resources
from service.store.models import Forum, Moderator, Post, QueueItem, Revision, Verdict, now
from service.verdicts import announce, current_verdict, make_current

ACTIONS = {"approve": "allow", "hold": "hold", "remove": "remove", "escalate": "escalate", "redact": "redact"}
"""What a moderator may decide, and the action the forum is told."""
HIDDEN = "[removed]"
"""What stands in the place of words that a moderator leaves out of a post."""


@dataclass(frozen=True)
class Decision:
    """What a moderator wants done with a post."""

    action: str
    """A key of ACTIONS."""
    note: str = ""
    """For colleagues."""
    label: str = ""
    """What the post is removed for: `area.label`, or the forum's own rules."""
    message: str = ""
    """For the author; the forum delivers it."""
    left_out: tuple[str, ...] = ()
    """Words to leave out of the published post, beside the personal data that the models found."""
    agreed_by: str | None = None
    """Who proposed the same, where one person alone may not do it."""


def record_decision(session: Session, item_id: str, version: int, moderator: Moderator, decision: Decision) -> Verdict:
    """A moderator's decision on an open item: a new verdict by a person, told to the forum like any other.

    Raises Conflict where somebody else was faster, Forbidden for `remove` of a person's own distress unless another
    moderator proposed it, Invalid for a redaction that changes nothing.
    """
    post, item = _item(session, item_id, version)
    if item.state != "open":
        raise Conflict("This post waits no longer: it was decided, edited or deleted meanwhile. Reload to see how.")
    if decision.action not in ACTIONS:
        raise Invalid(f"Choose one of {', '.join(ACTIONS)}.", field="action")
    machine = session.get_one(Verdict, item.verdict_id)
    alone = decision.agreed_by in (None, moderator.id)
    if decision.action == "remove" and alone and flagged_distress(machine.document):
        raise Forbidden(
            "This post may be a cry for help, and a person in distress is never punished. "
            "Escalate it, or hold it while somebody answers the author."
        )
    document = _document(session, post, machine, decision)
    body = document.get("published") or _original(session, post)
    verdict = make_current(session, post, machine.revision, document, decided_by=moderator.id, note=decision.note)
    item.state, item.version = "decided", item.version + 1
    item.decision, item.decided_by, item.decided_at = verdict.action, moderator.id, now()
    announce(session, post, machine.revision, verdict, "post.decision", body)
    detail = {"action": decision.action, "verdict": verdict.id, "label": decision.label}
    detail |= {"agreed_by": decision.agreed_by} if decision.agreed_by else {}
    audit.write(session, "decided", moderator_id=moderator.id, post_id=post.id, **detail)
    second_readings.draw(session, item, verdict)
    return verdict


def undo_decision(session: Session, item_id: str, version: int, moderator: Moderator) -> Verdict:
    """Take a decision back, however old: what stood before stands again, the post waits, and the forum is told."""
    post, item = _item(session, item_id, version)
    if item.state != "decided":
        raise Conflict("There is no decision to undo: the post is waiting again, or was edited or deleted.")
    machine = session.get_one(Verdict, item.verdict_id)
    body = _original(session, post)
    verdict = make_current(session, post, machine.revision, machine.document)
    item.state, item.version, item.verdict_id = "open", item.version + 1, verdict.id
    item.forget_decision()
    announce(session, post, machine.revision, verdict, "post.decision", body)
    audit.write(session, "undid", moderator_id=moderator.id, post_id=post.id, verdict=verdict.id)
    return verdict


def flagged_distress(document: dict[str, Any]) -> bool:
    """Whether a label of the author's own state counted."""
    return any(r["area"] == "self_harm" and r["label"] in DISTRESS for r in document["reasons"])


def _document(session: Session, post: Post, machine: Verdict, decision: Decision) -> dict[str, Any]:
    """The models' verdict with what a person makes of it."""
    document = {
        **machine.document,
        "action": ACTIONS[decision.action],
        "removed_for": decision.label if decision.action == "remove" else "",
        "message": decision.message,
    }
    if decision.action == "escalate":
        document["crisis_resources"] = list(crisis_resources(session.get_one(Forum, post.forum_id).region))
    if decision.action == "redact":
        document["published"] = _redacted(machine, decision.left_out)
    return document


def _redacted(machine: Verdict, left_out: tuple[str, ...]) -> str:
    """The body without personal data and without the words of `left_out`. Raises Invalid where nothing changes."""
    body = machine.revision.body
    text = machine.document["redacted"] or body
    for number, words in enumerate(left_out, 1):
        if words not in text:
            raise Invalid(
                f"Line {number} of what else to leave out does not stand in the post. Copy the words from its text.",
                field="left_out",
            )
        text = text.replace(words, HIDDEN)
    if text == body:
        raise Invalid(
            "There is nothing to leave out yet. Copy the words that have to go from the post.", field="left_out"
        )
    return text


def _original(session: Session, post: Post) -> str | None:
    """The author's own text, where the forum shows a redacted one at the moment."""
    current = current_verdict(session, post)
    return current.revision.body if current and "published" in current.document else None


def is_our_redaction(session: Session, post: Post, revision: Revision, title: str, body: str) -> bool:
    """Whether a text that the forum sends is the redacted one it was told to publish: no edit by the author.

    `revision` is the post's newest. White space may differ.
    """
    current = current_verdict(session, post)
    if current is None or current.revision_id != revision.id or "published" not in current.document:
        return False
    return title == revision.title and body.split() == current.document["published"].split()


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

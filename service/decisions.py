"""What people decide of posts: one decision, taken back at any time, each told to the forum.

Each function works inside the caller's transaction: a decision, its verdict and its callback stand or fall together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.labels import DISTRESS
from service import appeals, audit, care, recusals, second_readings
from service.erasure.missing import missing
from service.errors import Conflict, Forbidden, Invalid
from service.policy.policy import crisis_resources
from service.redactions import redacted, to_show, undamaged
from service.store.encrypted import DamagedObject
from service.store.models import Forum, Moderator, Post, QueueItem, Verdict, now
from service.verdicts import announce, current_verdict, make_current, whole

ACTIONS = {"approve": "allow", "hold": "hold", "remove": "remove", "escalate": "escalate", "redact": "redact"}
"""What a moderator may decide, and the action the forum is told."""
UPHOLD = "uphold"
"""An action beside them, on an appeal: what stands stays as it is."""


@dataclass(frozen=True)
class Decision:
    """What a moderator wants done with a post."""

    action: str
    """A key of ACTIONS, or UPHOLD."""
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
    moderator proposed it, and to whoever decided what is appealed, Invalid for a redaction that changes nothing.
    """
    post, item = _item(session, item_id, version)
    if item.state != "open":
        raise Conflict(_("This post waits no longer: it was decided, edited or deleted meanwhile. Reload to see how."))
    appeal = appeals.open_on(session, post.id)
    own = recusals.check(session, appeal, moderator) if appeal else False
    if decision.action not in ACTIONS and not (appeal and decision.action == UPHOLD):
        raise Invalid(_("Choose one of %(choices)s.", choices=", ".join(ACTIONS)), field="action")
    machine, standing = session.get_one(Verdict, item.verdict_id), current_verdict(session, post)
    if standing is None or standing.revision.number != post.revision:
        raise Conflict(_("The author has just changed this post, and it is being read anew. Reload in a moment."))
    forum = session.get_one(Forum, post.forum_id)
    if decision.action == "redact" and (not forum.callback_url or forum.callback_disabled):
        raise Conflict(_("Heed can’t hand this forum the changed text: its callback is off. Hold the post instead."))
    alone = decision.agreed_by in (None, moderator.id)
    if decision.action == "remove" and alone and flagged_distress(machine.document):
        raise Forbidden(
            _(
                "This post may be a cry for help, and a person in distress is never punished. "
                "Escalate it, or hold it while somebody answers the author."
            )
        )
    upheld = decision.action == UPHOLD
    document = _upheld(standing, decision) if upheld else _document(session, post, machine, decision)
    more = to_show(session, machine.revision, document)
    verdict = make_current(session, post, machine.revision, document, decided_by=moderator.id, note=decision.note)
    item.state, item.version = "decided", item.version + 1
    item.decision, item.decided_by, item.decided_at = verdict.action, moderator.id, now()
    detail = {"action": decision.action, "verdict": verdict.id, "label": decision.label}
    detail |= {"agreed_by": decision.agreed_by} if decision.agreed_by else {}
    if appeal:
        appeals.settle(item, appeal, standing, verdict)
        more["appeal"] = appeals.told(appeal)
        detail |= {"appeal": appeal.id, "outcome": appeal.state}
        detail |= {"own_decision": "nobody_left"} if own else {}
    announce(session, post, machine.revision, verdict, "post.decision", **more)
    audit.write(session, "decided", moderator_id=moderator.id, post_id=post.id, **detail)
    if decision.action == "hold" and flagged_distress(machine.document):
        # Held, the post leaves the queue; its author must not be forgotten with it.
        care.plan_check_in(session, item.id, moderator)
    second_readings.draw(session, item, verdict)
    return verdict


def undo_decision(session: Session, item_id: str, version: int, moderator: Moderator) -> Verdict:
    """Take a decision back, however old: what stood before stands again, the post waits, and the forum is told.

    One on an appeal brings back what was appealed, and the appeal waits: raises Forbidden to whoever decided that before.
    The author is told nothing, for they were told what stands again when it was decided. Raises Conflict where that was damaged.
    """
    post, item = _item(session, item_id, version)
    if item.state != "decided":
        raise Conflict(_("There is no decision to undo: the post is waiting again, or was edited or deleted."))
    undone, before = _last_two(session, post, item)
    document = undamaged(before.document)
    more = to_show(session, before.revision, document) | {"message": ""}
    if appeal := appeals.decided_by(session, undone):
        recusals.check(session, appeal, moderator)
        appeals.reopen(item, appeal)
        more["appeal"] = appeals.told(appeal)
    by, note = before.decided_by, before.note
    verdict = make_current(session, post, before.revision, document, decided_by=by, note=note, again=before)
    appeals.follow(session, before, verdict)
    item.state, item.version = "open", item.version + 1
    if by:
        item.decision, item.decided_by, item.decided_at = before.action, by, before.created_at
    else:
        item.verdict_id = verdict.id
        item.forget_decision()
    announce(session, post, before.revision, verdict, "post.decision", **more)
    detail = {"appeal": appeal.id} if appeal else {}
    audit.write(session, "undid", moderator_id=moderator.id, post_id=post.id, verdict=verdict.id, **detail)
    return verdict


def _last_two(session: Session, post: Post, item: QueueItem) -> tuple[Verdict, Verdict]:
    """The decision in force, and what stood before it: the models' verdict, or the decision that was appealed."""
    machine = session.get_one(Verdict, item.verdict_id)
    decision = current_verdict(session, post) or machine
    before = session.get(Verdict, decision.instead_of) if decision.instead_of else None
    return decision, before or machine


def flagged_distress(document: dict[str, Any]) -> bool:
    """Whether a label of the author's own state counted."""
    try:
        return any(r["area"] == "self_harm" and r["label"] in DISTRESS for r in document["reasons"])
    except (KeyError, TypeError):
        # Nobody can say that it did not.
        return True


def _document(session: Session, post: Post, machine: Verdict, decision: Decision) -> dict[str, Any]:
    """The models' verdict with what a person makes of it."""
    document = {
        **whole(machine.document),
        "action": ACTIONS[decision.action],
        "removed_for": decision.label if decision.action == "remove" else "",
        "message": decision.message,
    }
    if decision.action == "escalate":
        document["crisis_resources"] = list(crisis_resources(session.get_one(Forum, post.forum_id).region))
    if decision.action == "redact":
        document |= redacted(machine, decision.left_out, distress=flagged_distress(machine.document))
    return document


def _upheld(standing: Verdict, decision: Decision) -> dict[str, Any]:
    """What stands, with a person's name to it; the models' own removal is then for what weighed most with them. Raises Conflict where
    it was damaged.
    """
    if isinstance(standing.document, DamagedObject):
        raise Conflict(
            _(
                "What was decided before was damaged in the database and can’t be upheld. Decide anew what is to be done."
            )
        )
    document = {"removed_for": "", **whole(standing.document), "message": decision.message}
    if document["action"] == "remove" and not document["removed_for"]:
        worst = next(iter(document["reasons"]), None)
        document["removed_for"] = f"{worst['area']}.{worst['label']}" if worst else ""
    return document


def stands_again(session: Session, post: Post) -> bool:
    """Let a person's decision hold on for a post that is back, and tell the forum of it. False where there is none, or none that can
    be told: it was damaged.
    """
    current = current_verdict(session, post)
    item = session.scalar(select(QueueItem).where(QueueItem.post_id == post.id).with_for_update())
    if current is None or not current.decided_by or current.revision.number != post.revision or item is None:
        return False
    try:
        more = to_show(session, current.revision, current.document) | {"message": ""}
    except Conflict:
        return False
    current.revision.state = "done"
    item.state, item.version = "decided", item.version + 1
    announce(session, post, current.revision, current, "post.decision", **more)
    return True


def _item(session: Session, item_id: str, version: int) -> tuple[Post, QueueItem]:
    """The item with its post, both locked: the post first, as everywhere, so that an edit and a decision take turns."""
    post_id = session.scalar(select(QueueItem.post_id).where(QueueItem.id == item_id))
    post = session.get(Post, post_id, with_for_update=True) if post_id else None
    item = session.get(QueueItem, item_id, with_for_update=True) if post else None
    if post is None or item is None:
        raise missing(session, item_id)
    if item.version != version:
        raise Conflict(_("Somebody changed this item while you were reading. Reload to see what they did."))
    return post, item

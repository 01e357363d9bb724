"""One post as a moderator reads it: text with its marks, reasons, context and what was decided before."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.review import words
from service.review.highlight import Mark, Segment, segments
from service.store.models import AuditEntry, Forum, Moderator, Post, QueueItem, Revision, Verdict
from service.verdicts import current_verdict, flagged_distress

log = logging.getLogger(__name__)

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a verdict document of another shape raises; the post is then shown without its reasons."""


@dataclass(frozen=True)
class Reason:
    """Why the post is here: one label, with every place it was found at (ids of marks)."""

    area: str
    label: str
    words: str
    severity: words.Severity
    why: str
    score: float
    places: list[str] = field(default_factory=list)

    @property
    def likelihood(self) -> str:
        return words.likelihood(self.score)

    @property
    def percent(self) -> int:
        # "100 %" would claim a certainty that no model has.
        return max(1, min(99, round(self.score * 100)))


@dataclass(frozen=True)
class Event:
    """Something that happened to the post: a verdict by the models, or a person's decision."""

    who: str
    what: str
    when: datetime
    note: str = ""
    removed_for: str = ""
    by_person: bool = False


@dataclass(frozen=True)
class ItemView:
    """Everything the page of one post shows."""

    item: QueueItem
    revision: Revision
    forum: Forum
    body: list[Segment]
    reasons: list[Reason]
    claims: list[Reason]
    not_checked: tuple[str, str] | None
    severity: words.Severity
    state: words.State
    action: str
    resources: list[dict[str, str]]
    redacted: str
    secrets: int
    """How many pieces of personal data the text holds."""
    distress: bool
    """Whether the author may be in distress, so that the post can't be removed."""
    history: list[Event]
    policy_version: str
    models: dict[str, str]
    broken: bool = False
    """True where the reasons could not be read; the text is shown without marks."""

    @property
    def decision(self) -> Event | None:
        """The decision in force, where a person made one."""
        if self.item.state != "decided":
            return None
        return next((event for event in self.history if event.by_person), None)

    @property
    def heading(self) -> str:
        worst = next(iter([*self.reasons, *self.claims]), None)
        return worst.words if worst else (self.not_checked or ("A post to look at",))[0]


def load_item(session: Session, item_id: str, *, shown: bool = False) -> ItemView:
    """The page of one item; `shown` uncovers its personal data. Raises NotFound, also for a deleted post."""
    item = session.get(QueueItem, item_id)
    post = session.get(Post, item.post_id) if item else None
    if item is None or post is None:
        raise NotFound("There is no such post in the queue. Go back to the queue and reload it.")
    if post.deleted or item.state == "withdrawn":
        raise NotFound("This post waits no longer: its author edited or deleted it. The queue shows what is left.")
    machine = session.get_one(Verdict, item.verdict_id)
    current = current_verdict(session, post) or machine
    forum = session.get_one(Forum, item.forum_id)
    history = load_history(session, post)
    try:
        return _view(item, machine, current, forum, history, shown)
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item.id, type(error).__name__)
        return _plain_view(item, machine, current, forum, history, shown)


def _view(
    item: QueueItem, machine: Verdict, current: Verdict, forum: Forum, history: list[Event], shown: bool
) -> ItemView:
    document, revision = machine.document, machine.revision
    marks = marks_of(document["reasons"])
    every = reasons_of(document["reasons"], marks)
    unread = document["not_checked"]
    return ItemView(
        item=item,
        revision=revision,
        forum=forum,
        body=segments(revision.body, revision.format, marks, hide=not shown),
        reasons=[reason for reason in every if reason.area != "claim"],
        claims=[reason for reason in every if reason.area == "claim"],
        not_checked=words.NOT_CHECKED.get(unread, words.NOT_CHECKED["failed"]) if unread else None,
        severity=words.severity(document["severity"]),
        state=words.state(current.action),
        action=machine.action,
        resources=[dict(place) for place in document["crisis_resources"]],
        redacted=document["redacted"] or "",
        secrets=sum(mark.private for mark in marks),
        distress=flagged_distress(document),
        history=history,
        policy_version=machine.policy_version,
        models={str(name): str(version) for name, version in document["models"].items()},
    )


def _plain_view(
    item: QueueItem, machine: Verdict, current: Verdict, forum: Forum, history: list[Event], shown: bool
) -> ItemView:
    revision = machine.revision
    # Nobody can say where the personal data stands, so all of the text counts as such until it is asked for.
    whole = Mark("m0", 0, len(revision.body), "personal_data", "The whole text", private=True)
    return ItemView(
        item=item,
        revision=revision,
        forum=forum,
        body=segments(revision.body, revision.format, [] if shown else [whole]),
        reasons=[],
        claims=[],
        not_checked=None,
        severity=words.severity(machine.severity),
        state=words.state(current.action),
        action=machine.action,
        resources=[],
        redacted="",
        secrets=1,
        distress=False,
        history=history,
        policy_version=machine.policy_version,
        models={},
        broken=True,
    )


def marks_of(reasons: Iterable[dict[str, Any]]) -> list[Mark]:
    """The marks of a verdict's reasons, in the order of the reasons. Labels with the same evidence share one mark."""
    marks: dict[tuple[int, int, bool], Mark] = {}
    for reason in reasons:
        if reason["start"] is None or reason["end"] is None:
            continue
        area, name = reason["area"], reason["label"]
        private = area == "personal_data" and name != "third_party_health"
        place = (int(reason["start"]), int(reason["end"]), private)
        known = marks.get(place)
        said = words.label(area, name)
        if known and said not in known.words.split(" · "):
            said = f"{known.words} · {said}"
        elif known:
            continue
        strong = area != "claim" or bool(known and known.strong)
        shade = known.area if known and known.strong else area
        marks[place] = Mark(known.id if known else f"m{len(marks)}", place[0], place[1], shade, said, private, strong)
    return list(marks.values())


def reasons_of(reasons: Iterable[dict[str, Any]], marks: Iterable[Mark]) -> list[Reason]:
    """One `Reason` per label, worst first as the policy sorted them, with all its places."""
    ids = {(mark.start, mark.end, mark.private): mark.id for mark in marks}
    found: dict[tuple[str, str], Reason] = {}
    for each in reasons:
        area, name = each["area"], each["label"]
        reason = found.get((area, name)) or Reason(
            area, name, words.label(area, name), words.severity(each["severity"]), each["why"], float(each["score"])
        )
        found[area, name] = reason
        place = ids.get((each["start"], each["end"], area == "personal_data" and name != "third_party_health"))
        if place and place not in reason.places:
            reason.places.append(place)
    return list(found.values())


def load_history(session: Session, post: Post) -> list[Event]:
    """What was decided of the post and by whom, newest first."""
    names = {row.id: row.name for row in session.execute(select(Moderator.id, Moderator.name))}
    newest = (Verdict.created_at.desc(), Verdict.id.desc())
    verdicts = session.scalars(select(Verdict).where(Verdict.post_id == post.id).order_by(*newest))
    undone = _undone(session, post)
    return [_event(verdict, names, undone) for verdict in verdicts]


def _event(verdict: Verdict, names: dict[str, str], undone: dict[str, str]) -> Event:
    done = words.DONE.get(verdict.action, verdict.action)
    if verdict.decided_by:
        name = names.get(verdict.decided_by, "A moderator")
        reason = verdict.document.get("removed_for", "") if isinstance(verdict.document, dict) else ""
        why = words.removed_for(reason) if reason else ""
        return Event(name, done, verdict.created_at, verdict.note, why, by_person=True)
    if verdict.id in undone:
        return Event(names.get(undone[verdict.id], "A moderator"), "Took the decision back", verdict.created_at)
    return Event("The models", done, verdict.created_at)


def _undone(session: Session, post: Post) -> dict[str, str]:
    """Verdicts that stand again because a moderator took a decision back: verdict id to moderator id."""
    rows = session.scalars(select(AuditEntry).where(AuditEntry.post_id == post.id, AuditEntry.what == "undid"))
    return {row.detail.get("verdict", ""): row.moderator_id or "" for row in rows}

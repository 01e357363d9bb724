"""One post as a moderator reads it: text with its marks, reasons, context and what was decided before."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.findings import Part
from service import recusals, second_readings
from service.decisions import flagged_distress
from service.erasure.missing import missing
from service.errors import NotFound
from service.people.roles import people_who_may
from service.review import appeals, claims, words
from service.review.clock import Clock
from service.review.facts import PublishedFact
from service.review.highlight import Mark, Segment, segments
from service.review.redaction import Redaction, redaction
from service.review.rendered import Tag, readable
from service.review.skips import has_skipped
from service.review.talk import Said, Talk, load_lines, load_talk
from service.store.encrypted import DamagedText
from service.store.models import Appeal, AuditEntry, Care, Forum, Moderator, Post, QueueItem, Revision, Verdict, now
from service.verdicts import current_verdict

log = logging.getLogger(__name__)

Place = tuple[str, int, int, bool, bool]
"""Part of the post, start, end, whether it may be hidden, whether it is more than a claim."""
IDS = {Part.BODY: "m", Part.TITLE: "t"}
"""How the ids of marks begin."""
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
    facts: list[PublishedFact] = field(default_factory=list)

    @property
    def likelihood(self) -> str:
        return words.likelihood(self.score)

    @property
    def percent(self) -> int:
        # "100 %" would claim a certainty that no model has.
        return max(1, min(99, round(self.score * 100)))

    @property
    def claim(self) -> str:
        """The words of a claim among claims."""
        return words.CLAIMS.get(self.label, self.words)


@dataclass(frozen=True)
class Event:
    """Something that happened to the post: a verdict by the models, or a person's decision."""

    who: str
    what: str
    when: datetime
    note: str = ""
    removed_for: str = ""
    message: str = ""
    """What the author was told."""
    published: str = ""
    """What the forum shows, where words were left out."""
    by_person: bool = False
    private: str = ""
    """An author's words, for those alone who may decide."""


@dataclass(frozen=True)
class Desk:
    """Who is at work on the item: names of colleagues, empty where there are none."""

    reading: str = ""
    assigned: str = ""
    skipped: bool = False
    """Whether the reader of the page left it to others."""
    colleagues: list[tuple[str, str]] = field(default_factory=list)
    """To whom it can be handed over: id and name."""


@dataclass(frozen=True)
class Blind:
    """A second reading of the post by whoever reads the page: what was decided is kept from them."""

    version: int
    taken: bool
    """Whether somebody else reads it at the moment."""


@dataclass(frozen=True)
class ItemView:
    """Everything the page of one post shows."""

    item: QueueItem
    revision: Revision
    forum: Forum
    title: list[Segment]
    parent: list[Segment]
    """What the post answers, as the forum gave it."""
    body: list[Segment | Tag]
    reasons: list[Reason]
    claims: list[Reason]
    not_checked: tuple[str, str] | None
    severity: words.Severity
    state: words.State
    action: str
    resources: list[dict[str, str]]
    redaction: Redaction | None
    secrets: int
    """How many pieces of personal data the title and the text hold."""
    parent_secrets: int
    distress: bool
    """Whether the author may be in distress, so that the post can't be removed."""
    standing: Event
    """The verdict in force."""
    appeal: appeals.OpenAppeal | None
    may_undo: bool
    history: list[Event]
    policy_version: str
    models: dict[str, str]
    clock: Clock | None
    desk: Desk
    care: Care | None
    """What was done for the author so far."""
    talk: Talk
    """What colleagues say of it to each other."""
    changing: bool = False
    """Whether its author has just changed it: the new text is not read yet."""
    hazards: tuple[str, ...] = ()
    """What of the post or its parent makes medical harm more likely, by `classifiers.hazards`."""
    broken: bool = False
    """True where the reasons could not be read; the text is shown without marks."""
    blind: Blind | None = None

    @property
    def decision(self) -> Event | None:
        """The decision in force, where a person made one."""
        known = self.item.state == "decided" and not self.blind and self.standing.by_person
        return self.standing if known else None

    @property
    def proposals(self) -> list[Said]:
        """Who would remove it, where a second person has to agree."""
        return [said for said in self.talk.opinions if said.action == "remove"]

    @property
    def needs_care(self) -> bool:
        """Whether somebody may have to be looked after: the author, or whom they worry about."""
        if self.blind:
            return False
        return self.care is not None or any(reason.area == "self_harm" for reason in self.reasons)

    @property
    def damaged(self) -> bool:
        """Whether part of the text can't be read any more."""
        texts = (self.revision.title, self.revision.body, self.revision.parent)
        return any(isinstance(text, DamagedText) for text in texts)

    @property
    def heading(self) -> str:
        worst = next(iter([*self.reasons, *self.claims]), None)
        return worst.words if worst else (self.not_checked or (_("A post to look at"),))[0]


def load_item(session: Session, item_id: str, reader: str, *, shown: bool = False) -> ItemView:
    """The page of one item as the moderator `reader` sees it; `shown` uncovers its personal data.

    What was decided is left out where `reader` may be the one to read it a second time. Raises NotFound, also for a
    deleted post.
    """
    item = session.get(QueueItem, item_id)
    post = session.get(Post, item.post_id) if item else None
    if item is None or post is None:
        raise missing(session, item_id)
    if post.deleted or item.state == "withdrawn":
        raise NotFound(_("This post waits no longer: its author edited or deleted it. The queue shows what is left."))
    machine = session.get_one(Verdict, item.verdict_id)
    current = current_verdict(session, post) or machine
    forum = session.get_one(Forum, item.forum_id)
    history = load_history(session, post)
    common = {
        "item": item,
        "revision": machine.revision,
        "forum": forum,
        "state": words.state(current.action),
        "action": machine.action,
        "standing": load_standing(session, current),
        "appeal": appeals.load_appeal(session, item, reader) if item.state == "open" else None,
        "may_undo": appeals.may_undo(session, current, reader),
        "history": history,
        "policy_version": machine.policy_version,
        "clock": Clock.of(item, now()),
        "changing": machine.revision.number != post.revision,
        "desk": load_desk(session, item, reader),
        "care": session.get(Care, post.id),
        "talk": load_talk(session, item, reader),
    }
    again = second_readings.of_item(session, item.id, reader)
    if again is not None:
        common |= _kept(Blind(again.version, second_readings.is_taken(again, reader)))
    try:
        return ItemView(**common, **_read(machine, shown))
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item.id, type(error).__name__)
        return ItemView(**common, **_unread(machine, shown))


def _kept(blind: Blind) -> dict[str, Any]:
    """In the place of all that could tell a second reader what was decided, by whom, when or why."""
    became = words.State(_("Second reading"), _("What became of it is shown to you once you have read it."), "eye-off")
    nothing = {"history": [], "talk": Talk(), "care": None, "clock": None, "desk": Desk(), "appeal": None}
    return {"blind": blind, "state": became, "may_undo": False, "changing": False, **nothing}


def load_desk(session: Session, item: QueueItem, reader: str) -> Desk:
    """Who is at work on the item, as `reader` is told."""
    names = {person.id: person.called for person in session.scalars(select(Moderator))}
    able = sorted((names[known], known) for known in session.scalars(people_who_may("moderator", item.forum_id)))
    return Desk(
        reading=names.get(claims.reading(item, reader, now()) or "", ""),
        assigned=names.get(item.assigned_to or "", "") if item.assigned_to != reader else "",
        skipped=has_skipped(session, item.id, reader),
        colleagues=[
            (who, name) for name, who in able if who != reader and not recusals.is_closed_to(session, item.id, who)
        ],
    )


def _read(machine: Verdict, shown: bool) -> dict[str, Any]:
    document, revision = machine.document, machine.revision
    marks, title_marks = marks_of(document["reasons"]), marks_of(document["reasons"], Part.TITLE)
    parent_marks = masks_of(document.get("parent_spans", ()))
    every = reasons_of(document["reasons"], [*marks, *title_marks])
    unread = document["not_checked"]
    return {
        "title": segments(revision.title, "plain", title_marks, hide=not shown),
        "parent": segments(revision.parent, "plain", parent_marks, hide=not shown),
        "body": readable(revision.body, revision.format, marks, hide=not shown),
        "reasons": [reason for reason in every if reason.area != "claim"],
        "claims": [reason for reason in every if reason.area == "claim"],
        "not_checked": words.NOT_CHECKED.get(unread, words.NOT_CHECKED["failed"]) if unread else None,
        "severity": words.severity(document["severity"]),
        "resources": [dict(place) for place in document["crisis_resources"]],
        "redaction": redaction(document, revision),
        "secrets": sum(mark.private for mark in [*marks, *title_marks]),
        "parent_secrets": len(parent_marks),
        "distress": flagged_distress(document),
        "models": {str(name): str(version) for name, version in document["models"].items()},
        "hazards": tuple((machine.findings or {}).get("hazards", ())),
    }


def _unread(machine: Verdict, shown: bool) -> dict[str, Any]:
    revision = machine.revision
    # Nobody can say where the personal data stands, so all of the text counts as such until it is asked for.
    title, parent, body = (
        segments(text, format, [] if shown else [Mark(id, 0, len(text), "personal_data", said, private=True)])
        for id, text, format, said in (
            ("t0", revision.title, "plain", _("The title")),
            ("q0", revision.parent, "plain", _("The post it answers")),
            ("m0", revision.body, revision.format, _("The whole text")),
        )
    )
    return {
        "title": title,
        "parent": parent,
        "body": body,
        "reasons": [],
        "claims": [],
        "not_checked": None,
        "severity": words.severity(machine.severity),
        "resources": [],
        "redaction": None,
        "secrets": 1,
        "parent_secrets": 0,
        "distress": True,
        "models": {},
        "broken": True,
    }


def marks_of(reasons: Iterable[dict[str, Any]], part: str = Part.BODY, name: str = "") -> list[Mark]:
    """The marks of a verdict's reasons in one part of the post, in the order of the reasons; their ids begin with `name`.

    Labels with the same evidence share one mark; a claim keeps its own, since it is drawn otherwise.
    """
    marks: dict[Place, Mark] = {}
    for reason in reasons:
        place = _place(reason)
        if place is None or place[0] != part:
            continue
        known, said = marks.get(place), words.label(reason["area"], reason["label"])
        if known and said not in known.words.split(" · "):
            said = f"{known.words} · {said}"
        elif known:
            continue
        start, end, private, strong = place[1:]
        id, area = (known.id, known.area) if known else (f"{name}{IDS[part]}{len(marks)}", reason["area"])
        sharp = reason["area"] == "self_harm" or bool(known and known.sharp)
        marks[place] = Mark(id, start, end, area, said, private, strong, part, sharp)
    return list(marks.values())


def masks_of(spans: Iterable[dict[str, Any]]) -> list[Mark]:
    """The marks that cover personal data in what the post answers."""
    return [
        Mark(
            f"q{number}",
            span["start"],
            span["end"],
            span["area"],
            words.label(span["area"], span["type"]),
            private=True,
        )
        for number, span in enumerate(spans)
    ]


def _place(reason: dict[str, Any]) -> Place | None:
    """Where a reason stands and how it is drawn; None for one without a place."""
    if reason["start"] is None or reason["end"] is None:
        return None
    private = reason["area"] == "personal_data" and reason["label"] != "third_party_health"
    return reason.get("in", "body"), int(reason["start"]), int(reason["end"]), private, reason["area"] != "claim"


def reasons_of(reasons: Iterable[dict[str, Any]], marks: Iterable[Mark]) -> list[Reason]:
    """One `Reason` per label, worst first as the policy sorted them, with all its places."""
    ids = {(mark.part, mark.start, mark.end, mark.private, mark.strong): mark.id for mark in marks}
    found: dict[tuple[str, str], Reason] = {}
    for each in reasons:
        area, name = each["area"], each["label"]
        reason = found.get((area, name)) or Reason(
            area,
            name,
            words.label(area, name),
            words.severity(each["severity"]),
            words.kept(each["why"]),
            float(each["score"]),
            facts=[PublishedFact.of(fact) for fact in each.get("facts", ())],
        )
        found[area, name] = reason
        place = ids.get(_place(each))
        if place and place not in reason.places:
            reason.places.append(place)
    return list(found.values())


def load_history(session: Session, post: Post) -> list[Event]:
    """What happened to the post: verdicts, decisions, and how it went from hand to hand, newest first."""
    names = {person.id: person.called for person in session.scalars(select(Moderator))}
    verdicts = session.scalars(select(Verdict).where(Verdict.post_id == post.id))
    entries = list(session.scalars(select(AuditEntry).where(AuditEntry.post_id == post.id)))
    undone = {entry.detail.get("verdict", ""): entry.moderator_id or "" for entry in entries if entry.what == "undid"}
    outcomes = appeals.settled(session, post.id)
    events = [(verdict.created_at, verdict.id, _event(verdict, names, undone, outcomes)) for verdict in verdicts]
    events += _appealed(session, post)
    events += [(entry.created_at, entry.id, _passed(entry, names)) for entry in entries if entry.what in words.PASSED]
    for entry, line in load_lines(session, entries, names):
        who = names.get(entry.moderator_id or "", _("A moderator"))
        said = Event(who, line.what, entry.created_at, line.note, line.removed_for)
        events.append((entry.created_at, entry.id, said))
    return [event for _, _, event in sorted(events, key=lambda known: known[:2], reverse=True)]


def _passed(entry: AuditEntry, names: dict[str, str]) -> Event:
    """How the item went from one person to another."""
    to = names.get(entry.detail.get("to", ""), _("a colleague"))
    why = words.SKIPS.get(entry.detail.get("reason", ""), "")
    outcome = words.in_sentence(words.OUTCOMES.get(entry.detail.get("to", ""), ""))
    what = words.PASSED[entry.what] % {"to": to, "outcome": outcome}
    return Event(names.get(entry.moderator_id or "", _("A moderator")), what, entry.created_at, note=why)


def load_standing(session: Session, verdict: Verdict) -> Event:
    """The verdict in force: who decided so, when and why, also where it was brought back by an undo."""
    who = session.get(Moderator, verdict.decided_by) if verdict.decided_by else None
    return _event(verdict, {who.id: who.called} if who else {}, {}, {})


def _appealed(session: Session, post: Post) -> list[tuple[datetime, str, Event]]:
    """What the author said against verdicts, and took back."""
    events = []
    for appeal in session.scalars(select(Appeal).where(Appeal.post_id == post.id)):
        said = Event(_("The author"), _("Appealed"), appeal.created_at, private=appeal.text)
        events.append((appeal.created_at, appeal.id, said))
        if appeal.state == "withdrawn" and appeal.settled_at:
            gone = Event(_("The author"), _("The appeal was withdrawn"), appeal.settled_at)
            events.append((appeal.settled_at, appeal.id, gone))
    return events


def _event(verdict: Verdict, names: dict[str, str], undone: dict[str, str], outcomes: dict[str, str]) -> Event:
    done = appeals.named(words.DONE.get(verdict.action, verdict.action), outcomes.get(verdict.id, ""))
    if verdict.id in undone:
        return Event(names.get(undone[verdict.id], _("A moderator")), _("Took the decision back"), verdict.created_at)
    if verdict.decided_by:
        name = names.get(verdict.decided_by, _("A moderator"))
        document = verdict.document if isinstance(verdict.document, dict) else {}
        reason = document.get("removed_for", "")
        why = words.removed_for(reason) if reason else ""
        told, published = document.get("message", ""), document.get("published", "")
        return Event(name, done, verdict.created_at, verdict.note, why, told, published, by_person=True)
    return Event(_("The models"), done, verdict.created_at)

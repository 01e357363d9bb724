"""What colleagues say of a post to each other, as one of them sees it: questions, opinions, a second reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from service.decisions import ACTIONS
from service.review import words, would
from service.review.opinions import is_asked, opinions_on, request_on, who_can_be_asked
from service.store.models import (
    AuditEntry,
    Moderator,
    Opinion,
    OpinionRequest,
    QueueItem,
    SecondReading,
    Verdict,
)


@dataclass(frozen=True)
class Said:
    """What somebody would do with a post, or would have done."""

    who: str
    own: bool
    """Whether the reader of the page said it."""
    action: str
    label: str
    note: str
    when: datetime
    words: str
    """As a sentence without its end."""

    @property
    def removed_for(self) -> str:
        return words.removed_for(self.label)


@dataclass(frozen=True)
class Asked:
    """A question that waits."""

    words: str
    """Who asks whom."""
    question: str
    own: bool = False
    """Whether the reader of the page asks."""
    mine: bool = False
    """Whether the reader of the page is asked."""


@dataclass(frozen=True)
class Talk:
    """Everything said of one post as it stands now."""

    opinions: list[Said] = field(default_factory=list)
    asked: Asked | None = None
    colleagues: list[tuple[str, str]] = field(default_factory=list)
    """Who can be asked: id and name. Empty while a question waits."""
    may_answer: bool = False
    """Whether the reader is asked, or was and may think again."""
    second: Said | None = None
    """What a second reader of the decision would have done."""
    alike: bool = False
    """Whether that is what was done."""

    @property
    def own(self) -> Said | None:
        return next((said for said in self.opinions if said.own), None)


@dataclass(frozen=True)
class Mark:
    """The same in one line of the queue."""

    words: str
    question: str = ""
    mine: bool = False
    """Whether it is the reader's turn."""


def load_talk(session: Session, item: QueueItem, reader: str) -> Talk:
    """What is said of the item, for the moderator `reader`."""
    names = {person.id: person.called for person in session.scalars(select(Moderator))}
    if item.state == "decided":
        return _of_decided(session, item, reader, names)
    given, request = opinions_on(session, item), request_on(session, item)
    said = [_said(opinion, reader, names) for opinion in given]
    waits = request is not None and request.opinion_id is None
    answered = next((o for o in given if request and o.id == request.opinion_id), None)
    return Talk(
        opinions=said,
        asked=_asked(request, reader, names) if request and waits else None,
        colleagues=[] if waits else [(each.id, each.called) for each in who_can_be_asked(session, item, reader)],
        may_answer=is_asked(request, reader) or (answered is not None and answered.moderator_id == reader),
    )


def _of_decided(session: Session, item: QueueItem, reader: str, names: dict[str, str]) -> Talk:
    query = (
        select(Opinion, Verdict.action)
        .join(SecondReading, SecondReading.opinion_id == Opinion.id)
        .join(Verdict, Verdict.id == SecondReading.verdict_id)
        .where(SecondReading.item_id == item.id, SecondReading.version == item.version)
    )
    opinion, done = session.execute(query).first() or (None, "")
    if opinion is None:
        return Talk()
    return Talk(second=_said(opinion, reader, names), alike=ACTIONS[opinion.action] == done)


def load_marks(session: Session, items: list[QueueItem], reader: str) -> dict[str, Mark]:
    """What the queue says of each of these items, by its id: a question that waits, else the newest opinion."""
    names = {person.id: person.called for person in session.scalars(select(Moderator))}
    marks = {}
    for opinion in session.scalars(_as_it_stands(Opinion, items)):
        marks[opinion.item_id] = Mark(_said(opinion, reader, names).words)
    for request in session.scalars(_as_it_stands(OpinionRequest, items)):
        if request.opinion_id is None:
            asked = _asked(request, reader, names)
            marks[request.item_id] = Mark(asked.words, asked.question, asked.mine)
        elif request.asked_by == reader and request.item_id in marks:
            marks[request.item_id] = Mark(marks[request.item_id].words, mine=True)
    return marks


def _as_it_stands(table: type[Opinion] | type[OpinionRequest], items: list[QueueItem]):  # noqa: ANN202
    """Rows about the items at their present versions, oldest first."""
    present = tuple_(table.item_id, table.version).in_([(item.id, item.version) for item in items])
    return select(table).where(present).order_by(table.created_at, table.id)


def _said(opinion: Opinion, reader: str, names: dict[str, str]) -> Said:
    who, own = _name(opinion.moderator_id, names), opinion.moderator_id == reader
    sentence = would.told(opinion, who, own=own)
    return Said(who, own, opinion.action, opinion.label, opinion.note, opinion.created_at, sentence)


def _asked(request: OpinionRequest, reader: str, names: dict[str, str]) -> Asked:
    own, mine = request.asked_by == reader, is_asked(request, reader)
    who, of = _name(request.asked_by, names), _name(request.asked_of, names) if request.asked_of else ""
    if own:
        said = _("You ask %(name)s for a second opinion", name=of) if of else _("You ask for a second opinion")
    elif request.asked_of == reader:
        said = _("%(who)s asks you for a second opinion", who=who)
    elif of:
        said = _("%(who)s asks %(name)s for a second opinion", who=who, name=of)
    else:
        said = _("%(who)s asks for a second opinion", who=who)
    return Asked(said, request.question, own, mine)


def _name(person: str, names: dict[str, str]) -> str:
    return names.get(person) or _("A moderator")


LINES = {
    "asked_opinion": _l("Asked %(to)s for a second opinion"),
    "asked_opinions": _l("Asked the others for a second opinion"),
    "took_question_back": _l("Took the question back"),
    "gave_opinion": "%(would)s",
    "read_again": _l("%(would)s (second reading)"),
}
"""What the history of a post says, by what the audit calls it."""


@dataclass(frozen=True)
class Line:
    """One line of the history of a post."""

    what: str
    note: str = ""
    removed_for: str = ""


def load_lines(session: Session, entries: Iterable[AuditEntry], names: dict[str, str]) -> list[tuple[AuditEntry, Line]]:
    """The lines of those entries that tell of questions and opinions; of an opinion given anew the newest only."""
    newest = {entry.detail.get("opinion") or entry.id: entry for entry in entries if entry.what in LINES}
    told = list(newest.values())
    requests = {entry.detail.get("request") for entry in told} - {None}
    opinions = {entry.detail.get("opinion") for entry in told} - {None}
    asked = {each.id: each for each in session.scalars(select(OpinionRequest).where(OpinionRequest.id.in_(requests)))}
    given = {each.id: each for each in session.scalars(select(Opinion).where(Opinion.id.in_(opinions)))}
    return [(e, _line(e, names, asked.get(e.detail.get("request")), given.get(e.detail.get("opinion")))) for e in told]


def _line(entry: AuditEntry, names: dict[str, str], asked: OpinionRequest | None, given: Opinion | None) -> Line:
    to = _name(entry.detail.get("to") or "", names)
    said = would.WOULD[given.action] if given else ""
    what = str(LINES[entry.what] % {"to": to, "would": said})
    rule = words.removed_for(given.label) if given and given.label else ""
    return Line(what, asked.question if asked else given.note if given else "", rule)

"""Appeals as moderators see them: what an author says against a decision, and whose it is to look again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import appeals, recusals
from service.store.models import Appeal, QueueItem, Verdict

LONGEST = 220
"""Most code points of an author's words in the queue."""


@dataclass(frozen=True)
class OpenAppeal:
    """An appeal that waits. Its words are for those alone who may decide on `forum_id`: nobody covered what is in them."""

    text: str
    when: datetime
    forum_id: str
    standing: str
    """The action in force."""
    closed: bool = False
    """Whether it is for others than the reader to decide."""
    own: bool = False
    """Whether the reader had a part in what is appealed, and nobody else is left."""

    @property
    def excerpt(self) -> str:
        said = " ".join(self.text.split())
        return said if len(said) <= LONGEST else f"{said[:LONGEST].rstrip()} …"


@dataclass(frozen=True)
class AppealNumbers:
    """Appeals of a time: how many came, and how they went; `waiting` are those open now."""

    received: int = 0
    waiting: int = 0
    upheld: int = 0
    granted: int = 0


def load_appeal(session: Session, item: QueueItem, reader: str) -> OpenAppeal | None:
    """The item's open appeal as the moderator `reader` sees it."""
    found = load_appeals(session, [item]).get(item.id)
    known = appeals.open_on(session, item.post_id) if found else None
    if found is None or known is None:
        return None
    closed = recusals.is_closed_to(session, item.id, reader)
    own = not closed and recusals.is_recused(session, known, reader)
    return OpenAppeal(found.text, found.when, found.forum_id, found.standing, closed, own)


def load_appeals(session: Session, items: Iterable[QueueItem]) -> dict[str, OpenAppeal]:
    """The open appeals of these items by the item's id."""
    places = {item.post_id: item for item in items if appeals.TOPIC in item.labels.split()}
    if not places:
        return {}
    query = (
        select(Appeal, Verdict.action)
        .join(Verdict, (Verdict.post_id == Appeal.post_id) & Verdict.current)
        .where(Appeal.post_id.in_(places), Appeal.state == "open")
    )
    return {
        places[appeal.post_id].id: OpenAppeal(
            appeal.text, appeal.posted_at or appeal.created_at, places[appeal.post_id].forum_id, action
        )
        for appeal, action in session.execute(query)
    }


def may_undo(session: Session, standing: Verdict, reader: str) -> bool:
    """Whether `reader` may take the decision in force back: not where it went against their own."""
    appeal = appeals.decided_by(session, standing)
    return appeal is None or not recusals.is_for_others(session, appeal, reader)


def settled(session: Session, post_id: str) -> dict[str, str]:
    """How the appeals of a post went, by the id of the verdict that decided each."""
    query = select(Appeal.decision_id, Appeal.state).where(Appeal.post_id == post_id, Appeal.decision_id.is_not(None))
    return {decision: state for decision, state in session.execute(query) if decision}


def named(done: str, outcome: str) -> str:
    """A decision with what it meant for the appeal, where it decided one: "Approved: the appeal is granted"."""
    said = {
        "upheld": _("%(done)s: the decision stands, after an appeal", done=done),
        "granted": _("%(done)s: the appeal is granted", done=done),
    }
    return said.get(outcome, done)


def count_appeals(session: Session, since: datetime) -> AppealNumbers:
    """The appeals since then, of the forums that the session is kept to."""
    # Through the item, which a session can be kept to the forums of.
    query = select(func.count()).select_from(Appeal).join(QueueItem, QueueItem.post_id == Appeal.post_id)

    def ended(state: str) -> int:
        return session.scalar(query.where(Appeal.state == state, Appeal.settled_at >= since)) or 0

    return AppealNumbers(
        received=session.scalar(query.where(Appeal.created_at >= since)) or 0,
        waiting=session.scalar(query.where(Appeal.state == "open")) or 0,
        upheld=ended("upheld"),
        granted=ended("granted"),
    )

"""Recusals: an appeal is not decided by whoever decided what it is against, unless nobody else is left."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from service.errors import Forbidden
from service.people.roles import people_who_may
from service.store.models import Appeal, AuditEntry, Moderator, QueueItem, Recusal, Verdict


def recuse(session: Session, appeal: Appeal, standing: Verdict) -> None:
    """Note who had a part in `standing`, and in what was appealed before of the same text."""
    earlier = (
        select(Recusal.moderator_id)
        .join(Appeal, Appeal.id == Recusal.appeal_id)
        .join(Verdict, Verdict.id == Appeal.verdict_id)
        .where(Appeal.post_id == appeal.post_id, Verdict.revision_id == standing.revision_id)
    )
    people = {*session.scalars(earlier), *_deciders(session, standing)}
    session.add_all(Recusal(appeal_id=appeal.id, moderator_id=person) for person in sorted(people))
    session.flush()


@lru_cache(maxsize=1024)
def closed_to(reader: str | ColumnElement[str]) -> Select[tuple[str]]:
    """Ids of the items whose open appeal is for somebody else than `reader` to decide, as long as there is somebody."""
    return _for_others(reader).where(Appeal.state == "open")


def is_closed_to(session: Session, item_id: str, reader: str) -> bool:
    return session.scalar(closed_to(reader).where(QueueItem.id == item_id)) is not None


def is_for_others(session: Session, appeal: Appeal, reader: str) -> bool:
    """The same of one appeal, whether it is open or not."""
    return session.scalar(_for_others(reader).where(Appeal.id == appeal.id)) is not None


def _for_others(reader: str | ColumnElement[str]) -> Select[tuple[str]]:
    other = aliased(Recusal)
    recused = select(other.moderator_id).where(other.appeal_id == Appeal.id).correlate(Appeal)
    able = people_who_may("moderator", QueueItem.forum_id).where(Moderator.id.not_in(recused))
    return (
        select(QueueItem.id)
        .join(Appeal, Appeal.post_id == QueueItem.post_id)
        .join(Recusal, Recusal.appeal_id == Appeal.id)
        .where(Recusal.moderator_id == reader, able.correlate(QueueItem, Appeal).exists())
    )


def is_recused(session: Session, appeal: Appeal, reader: str) -> bool:
    """Whether `reader` had a part in what is appealed."""
    return session.get(Recusal, (appeal.id, reader)) is not None


def check(session: Session, appeal: Appeal, moderator: Moderator) -> bool:
    """Whether `moderator` judges a decision of their own, for want of anybody else.

    Raises Forbidden where somebody else is there to decide the appeal.
    """
    if is_for_others(session, appeal, moderator.id):
        raise Forbidden(not_yours())
    return is_recused(session, appeal, moderator.id)


def not_yours() -> str:
    """What somebody is told whose decision is appealed."""
    return _(
        "You had a part in the decision that this author appeals, so a colleague looks at it with fresh eyes. "
        "That is no judgement on you."
    )


def _deciders(session: Session, verdict: Verdict) -> set[str]:
    """Who decided so; two people, where one had to agree with another that the post is removed."""
    if verdict.decided_by is None:
        return set()
    if verdict.action != "remove":
        return {verdict.decided_by}
    decided = select(AuditEntry).where(AuditEntry.post_id == verdict.post_id, AuditEntry.what == "decided")
    details = [entry.detail for entry in session.scalars(decided) if entry.detail.get("verdict") == verdict.id]
    return {verdict.decided_by} | {agreed for detail in details if (agreed := detail.get("agreed_by"))}

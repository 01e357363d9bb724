"""How far two people agree who read the same post without knowing of each other: over all posts, and for each label."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.agreement import Agreement, agreement
from service.decisions import ACTIONS
from service.review import words
from service.store.models import Opinion, QueueItem, SecondReading, Verdict, now


@dataclass(frozen=True)
class Agreements:
    """`all` is over what was chosen for a post, of all posts. `labels`, by `area.label`, is over whether something was done
    at all (anything but approving) with the posts that the models found the label in.
    """

    all: Agreement
    labels: dict[str, Agreement]


def load_agreements(session: Session, days: int) -> Agreements:
    """Of the second readings of the last so many days."""
    query = (
        select(Verdict.action, Opinion.action, SecondReading.labels)
        .select_from(SecondReading)
        .join(Opinion, Opinion.id == SecondReading.opinion_id)
        .join(Verdict, Verdict.id == SecondReading.verdict_id)
        .join(QueueItem, QueueItem.id == SecondReading.item_id)
        .where(Opinion.created_at >= now() - timedelta(days=days))
    )
    chosen: list[tuple[str, str]] = []
    acted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for first, second, labels in session.execute(query):
        pair = first, ACTIONS[second]
        chosen.append(pair)
        for name in labels.split():
            acted[name].append((_acted(pair[0]), _acted(pair[1])))
    found = {name: agreement(acted[name]) for name in words.LABEL_CHOICES if name in acted}
    return Agreements(agreement(chosen), found)


def _acted(action: str) -> str:
    return "nothing" if action == "allow" else "something"

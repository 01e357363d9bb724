"""How soon a person should look at a post: what the review queue is ordered, filtered and counted by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from classifiers.labels import Area, Severity
from service.settings import settings

CRISIS_LANE, COMMON_LANE = 0, 1
"""Whoever may be in danger now comes before everything else, however long that has waited."""


def lane(document: dict[str, Any]) -> int:
    """The lane of a verdict document: within each the item that is due first comes first."""
    return CRISIS_LANE if _self_harm(document, Severity.CRITICAL) else COMMON_LANE


def target(document: dict[str, Any]) -> timedelta:
    """How long the post may wait for a person. Added to its arrival it makes urgency and age one order:
    a mild post that has waited a day comes before a grave one of this minute, unless a life may be at stake.
    """
    chosen = settings()
    if _self_harm(document, Severity.CRITICAL):
        minutes = chosen.crisis_minutes
    elif _self_harm(document, Severity.HIGH):
        minutes = chosen.distress_minutes
    elif Severity(document["severity"]).rank >= Severity.HIGH.rank:
        minutes = chosen.high_minutes
    else:
        minutes = chosen.other_minutes
    return timedelta(minutes=minutes)


def target_of_appeal(document: dict[str, Any]) -> timedelta:
    """How long an author who appeals may wait: as for a post of high severity, sooner where the post itself is graver, or may be
    for all that can be read of its damaged verdict.
    """
    if not document:
        return timedelta(minutes=settings().crisis_minutes)
    return min(target(document), timedelta(minutes=settings().high_minutes))


def topics(document: dict[str, Any]) -> str:
    """What the verdict is about, each once, sorted, between spaces: ` claim.dose medical.dosing `.

    A post that nobody could read has ` not_checked.<why> ` beside them.
    """
    found = {f"{reason['area']}.{reason['label']}" for reason in document["reasons"]}
    if document["not_checked"]:
        found.add(f"not_checked.{document['not_checked']}")
    return joined(found)


def joined(topics: set[str]) -> str:
    """Topics as `queue_item.labels` keeps them."""
    return f" {' '.join(sorted(topics))} " if topics else ""


def alone(document: dict[str, Any]) -> bool:
    """Whether the post wants a person who reads it by itself: somebody may be in despair, or be driven to it."""
    return _self_harm(document, Severity.CRITICAL) or _self_harm(document, Severity.HIGH)


def _self_harm(document: dict[str, Any], severity: Severity) -> bool:
    return any(r["area"] == Area.SELF_HARM and r["severity"] == severity for r in document["reasons"])

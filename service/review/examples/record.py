"""One decided post as a line of training data, in the shape of training/corpora (training/corpus.py reads it)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from classifiers.findings import Part
from classifiers.labels import MEDICAL, PERSONAL_DATA, SELF_HARM, THIRD_PARTY_HEALTH
from service.policy.redact import HIDDEN
from service.review.examples.cover import Cover, Piece, Secret
from service.settings import settings
from service.store.models import Forum, Revision, Verdict

AREAS = ("medical", "self_harm", "personal_data")
"""What a decision may speak of. A claim is nothing wrong, so no decision says whether there is one."""
Label = tuple[str, str]


def record(verdict: Verdict, revision: Revision, forum: Forum, findings: dict[str, Any]) -> dict[str, Any] | None:
    """The line of a person's verdict; `findings` is what the models found. None where the decision says nothing about labels,
    or nothing but covered words is left.

    Raises KeyError, TypeError or ValueError for a document of another shape: then nobody knows what to cover.
    """
    document = verdict.document
    said = implied(document, verdict.action)
    if said is None or document["not_checked"] or findings["not_checked"]:
        return None
    if HIDDEN in document.get("published", "") + document.get("published_title", ""):
        # A person left out what the models had not found, so there may be more.
        return None
    labels, known = said
    secrets = list(_secrets(document, findings, len(revision.body)))
    # A slug of one word may well be what the forum is about.
    names = {revision.author, forum.name, forum.slug if "-" in forum.slug else ""}
    cover = Cover(revision, secrets, names)
    pieces = cover.body()
    titled = any(span.get("in") == Part.TITLE for span in (*findings["spans"], *document["spans"]))
    if not any(character.isalpha() for piece in pieces if not piece.type for character in piece.text):
        return None
    return {
        "id": f"decided-{_hash(revision.post_id)}",
        "thread": f"decided-{_hash(forum.id + revision.parent) if revision.parent else _hash(revision.post_id)}",
        "title": "" if titled else cover.title,
        "parent": "" if document.get("parent_spans") else cover.parent,
        "text": "".join(piece.text for piece in pieces),
        "medical": _medical(labels),
        "self_harm": _self_harm(labels),
        "third_party_health": ("personal_data", THIRD_PARTY_HEALTH) in labels,
        "claims": [],
        "spans": _spans(pieces, labels),
        "pair": "",
        "known": [area for area in AREAS if area in known],
        "decision": verdict.action,
        "month": f"{verdict.created_at:%Y-%m}",
    }


def implied(document: dict[str, Any], action: str) -> tuple[set[Label], set[str]] | None:
    """The labels that a person's decision implies, and the areas that it speaks of; None where it speaks of none."""
    if action == "allow":
        return set(), set(AREAS)
    if action == "remove":
        area, _dot, label = document["removed_for"].partition(".")
        return ({(area, label)}, {area}) if area in AREAS and label else None
    return {(reason["area"], reason["label"]) for reason in document["reasons"]}, set(AREAS)


def _secrets(document: dict[str, Any], findings: dict[str, Any], length: int) -> Iterable[Secret]:
    """All in the body that may be personal data, however unsure the models were. Raises ValueError for a place outside the body."""
    for span in (*findings["spans"], *document["spans"]):
        if span["area"] == "personal_data" and span["type"] in PERSONAL_DATA and span.get("in", Part.BODY) == Part.BODY:
            if not 0 <= span["start"] < span["end"] <= length:
                raise ValueError("a span outside the body")
            yield Secret(span["start"], span["end"], span["type"])


def _medical(labels: set[Label]) -> list[str]:
    named = [name for name in MEDICAL if ("medical", name) in labels]
    # By the policy the act wins over the false fact.
    return named if len(named) == 1 else [name for name in named if name != "misinformation"]


def _self_harm(labels: set[Label]) -> list[str]:
    named = [name for name in SELF_HARM if ("self_harm", name) in labels]
    return [name for name in named if name != "ideation"] if "crisis" in named else named


def _spans(pieces: list[Piece], labels: set[Label]) -> list[dict[str, Any]]:
    """The placeholders of the types that the decision implies; `nth` counts the same words before, as the corpora do."""
    spans, text = [], ""
    for piece in pieces:
        if ("personal_data", piece.type) in labels:
            spans.append({"type": piece.type, "text": piece.text, "nth": text.count(piece.text)})
        text += piece.text
    return spans


def _hash(what: str) -> str:
    """The same for the same thing, and nobody without the secret key can tell what it is of."""
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, f"training data: {what}".encode(), hashlib.sha256).hexdigest()[:24]

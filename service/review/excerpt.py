"""A post in a few lines: what it is about, and the words around what weighed most, personal data covered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from classifiers.findings import Part
from service.review import words
from service.review.highlight import Mark, Segment, segments
from service.review.item import UNREADABLE, marks_of
from service.store.models import Revision

log = logging.getLogger(__name__)

LONGEST = 220
"""Most code points of an excerpt."""
BEFORE = 50
"""Code points shown before the evidence, so that it is read in its context."""


@dataclass(frozen=True)
class Excerpt:
    """Part of a body; `cut_before` and `cut_after` say whether there is more. The title where it has to be seen too."""

    pieces: list[Segment] = field(default_factory=list)
    cut_before: bool = False
    cut_after: bool = False
    title: list[Segment] = field(default_factory=list)


def excerpt(document: dict[str, Any], revision: Revision) -> Excerpt:
    """The words around the weightiest reason of a verdict's document. Raises UNREADABLE for a document of another shape."""
    marks = marks_of(document["reasons"])
    worst = next((mark for mark in marks if not mark.private), None)
    kept = [mark for mark in marks if mark.private or mark.sharp or mark is worst]
    low, high = _window(revision.body, worst or next(iter(marks), None))
    pieces = segments(revision.body, revision.format, kept, window=(low, high))
    titled = marks_of(document["reasons"], Part.TITLE)
    title = segments(revision.title, "plain", titled) if titled else []
    return Excerpt(pieces, low > 0, high < len(revision.body), title)


def opening(revision: Revision, marks: list[Mark], *, hide: bool) -> Excerpt:
    """The first words of a post, with its marks."""
    low, high = _window(revision.body, None)
    pieces = segments(revision.body, revision.format, marks, hide=hide, window=(low, high))
    return Excerpt(pieces, cut_after=high < len(revision.body))


def labels_of(item_id: str, document: dict[str, Any]) -> list[str]:
    """What an item is about in plain words; nothing where its verdict can't be read. The id is for the log."""
    try:
        return labels_in(document)
    except UNREADABLE as error:
        log.error("item %s: its verdict can't be shown (%s)", item_id, type(error).__name__)
        return []


def labels_in(document: dict[str, Any]) -> list[str]:
    """What a verdict's document is about: claims only where nothing weighs more."""
    named = [(reason["area"], words.label(reason["area"], reason["label"])) for reason in document["reasons"]]
    graver = [said for area, said in named if area != "claim"]
    unread = document["not_checked"]
    first = [str(words.NOT_CHECKED.get(unread, words.NOT_CHECKED["failed"])[0])] if unread else []
    return list(dict.fromkeys(first + (graver or [said for _, said in named])))


def _window(body: str, mark: Mark | None) -> tuple[int, int]:
    low = max(0, min(mark.start, len(body)) - BEFORE) if mark else 0
    high = min(len(body), low + LONGEST)
    # Not in the middle of a word, where there is a space near enough.
    if low:
        low = max(low, body.find(" ", low, low + BEFORE) + 1)
    if high < len(body):
        space = body.rfind(" ", high - BEFORE, high)
        high = space if space > 0 else high
    return low, high

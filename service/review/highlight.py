"""A body cut into segments, each with the marks that cover it. No HTML is made here: templates escape each piece."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from service.review.markup import Edit, edits, merged, quotes


@dataclass(frozen=True)
class Mark:
    """A stretch of the body to point out: code points, end exclusive. `private` text may be hidden."""

    id: str
    start: int
    end: int
    area: str
    words: str
    private: bool = False
    strong: bool = True
    """False for a mark that should only whisper, such as a claim."""
    part: str = "body"
    """Which text of the post it stands in: `classifiers.findings.Part`."""
    sharp: bool = False
    """True for words that may hurt to read; whoever wishes has them blurred."""


@dataclass(frozen=True)
class Segment:
    """A piece of the body that looks the same throughout. `begins` and `ends` are marks that do so here."""

    text: str
    quoted: bool = False
    marks: tuple[Mark, ...] = ()
    begins: tuple[Mark, ...] = ()
    ends: tuple[Mark, ...] = ()
    hidden: Mark | None = None
    """The private mark whose text is left out here; `text` is then empty."""

    @property
    def areas(self) -> list[str]:
        return sorted({mark.area for mark in self.marks})

    @property
    def sharp(self) -> bool:
        return any(mark.sharp for mark in self.marks)

    @property
    def title(self) -> str:
        return "; ".join(mark.words for mark in self.marks)


def segments(
    body: str, format: str, marks: Iterable[Mark], *, hide: bool = True, window: tuple[int, int] | None = None
) -> list[Segment]:
    """Cut `body` wherever a mark, a quote or a piece of markup begins or ends. `hide` leaves private text out.

    Marks may overlap and may reach outside the body: they are clipped. `window` shows a part of the body only.
    """
    low, high = window or (0, len(body))
    marks = clipped(marks, len(body))
    quoted = quotes(body, format)
    changed = _whole_edits(edits(body, format), marks)
    shown = {edit.start: edit.text for edit in changed}
    bounds = _bounds(low, high, marks, quoted, changed)
    cut: list[Segment] = []
    waiting, covering = marks[::-1], []
    for start, end in pairwise(bounds):
        covering = [mark for mark in covering if mark.end > start]
        while waiting and waiting[-1].start < end:
            covering.append(waiting.pop())
        covering = [mark for mark in covering if mark.end > start]
        secret = next((mark for mark in covering if mark.private), None) if hide else None
        text = "" if secret else shown.get(start, body[start:end])
        # Only the first piece of a secret says that something is hidden.
        says_so = secret is not None and start == max(secret.start, bounds[0])
        cut.append(
            Segment(
                text,
                _inside(start, quoted),
                tuple(covering),
                tuple(mark for mark in covering if max(mark.start, bounds[0]) == start),
                tuple(mark for mark in covering if mark.end == end),
                secret if says_so else None,
            )
        )
    return cut


def _inside(place: int, ranges: list[tuple[int, int]]) -> bool:
    index = bisect_right(ranges, (place, sys.maxsize)) - 1
    return index >= 0 and place < ranges[index][1]


def clipped(marks: Iterable[Mark], length: int) -> list[Mark]:
    clipped = [replace(mark, start=max(0, mark.start), end=min(mark.end, length)) for mark in marks]
    return sorted((mark for mark in clipped if mark.start < mark.end), key=lambda mark: (mark.start, -mark.end))


def _whole_edits(found: list[Edit], marks: list[Mark]) -> list[Edit]:
    """Markup that a mark begins or ends inside of (an address in a link) is shown as it was sent, and only there."""
    edges = sorted({edge for mark in marks for edge in (mark.start, mark.end)})
    secrets = merged([(mark.start, mark.end) for mark in marks if mark.private])
    whole = [edit for edit in found if bisect_right(edges, edit.start) == bisect_left(edges, edit.end)]
    return [replace(edit, text="") if edit.source and _touches(edit.source, secrets) else edit for edit in whole]


def _touches(stretch: tuple[int, int], ranges: list[tuple[int, int]]) -> bool:
    """Whether any of `ranges`, which are in order and apart, shares a code point with `stretch`."""
    index = bisect_left(ranges, (stretch[1], 0)) - 1
    return index >= 0 and ranges[index][1] > stretch[0]


def _bounds(low: int, high: int, marks: list[Mark], quoted: list[tuple[int, int]], changed: list[Edit]) -> list[int]:
    edges = {edge for mark in marks for edge in (mark.start, mark.end)}
    replaced = [(edit.start, edit.end) for edit in changed]
    edges |= {edge for stretch in quoted for edge in stretch if not _inside(edge, replaced)}
    edges |= {edge for edit in changed for edge in (edit.start, edit.end)}
    # A window's own edge may fall inside an edit or a secret; it moves outwards so that neither is shown in part.
    for piece in [*changed, *(mark for mark in marks if mark.private)]:
        low = piece.start if piece.start < low < piece.end else low
        high = piece.end if piece.start < high < piece.end else high
    return sorted({low, high} | {edge for edge in edges if low < edge < high})

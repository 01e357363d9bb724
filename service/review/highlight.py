"""A body cut into segments, each with the marks that cover it. Nothing here makes HTML: templates escape every piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.review.markup import Edit, edits, quotes


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


@dataclass(frozen=True)
class Segment:
    """A piece of the body that looks the same throughout. `begins` and `ends` are marks that do so here."""

    text: str
    quoted: bool = False
    marks: tuple[Mark, ...] = ()
    begins: tuple[Mark, ...] = ()
    ends: tuple[Mark, ...] = ()
    hidden: Mark | None = field(default=None)
    """The private mark whose text is left out here; `text` is then empty."""

    @property
    def areas(self) -> list[str]:
        return sorted({mark.area for mark in self.marks})

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
    marks = _clipped(marks, len(body))
    quoted = quotes(body, format)
    changed = _whole_edits(edits(body, format), marks)
    bounds = _bounds(low, high, marks, quoted, changed)
    replaced = {edit.start: edit for edit in changed}
    cut: list[Segment] = []
    for start, end in zip(bounds, bounds[1:], strict=False):
        covering = tuple(mark for mark in marks if mark.start < end and mark.end > start)
        secret = next((mark for mark in covering if mark.private), None) if hide else None
        if secret and start > max(secret.start, low):
            cut.append(Segment("", ends=_ending(covering, end)))
            continue
        text = replaced[start].text if start in replaced else body[start:end]
        cut.append(
            Segment(
                "" if secret else text,
                any(a < end and b > start for a, b in quoted),
                covering,
                tuple(mark for mark in covering if max(mark.start, low) == start),
                _ending(covering, end),
                secret,
            )
        )
    return cut


def _ending(marks: tuple[Mark, ...], end: int) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.end == end)


def _clipped(marks: Iterable[Mark], length: int) -> list[Mark]:
    clipped = [
        Mark(m.id, max(0, m.start), min(m.end, length), m.area, m.words, m.private, m.strong) for m in marks
    ]
    return sorted((mark for mark in clipped if mark.start < mark.end), key=lambda mark: (mark.start, -mark.end))


def _whole_edits(found: list[Edit], marks: list[Mark]) -> list[Edit]:
    """Markup that a mark begins or ends inside of (an address in a link) is shown as it was sent."""
    edges = {edge for mark in marks for edge in (mark.start, mark.end)}
    return [edit for edit in found if not any(edit.start < edge < edit.end for edge in edges)]


def _bounds(low: int, high: int, marks: list[Mark], quoted: list[tuple[int, int]], changed: list[Edit]) -> list[int]:
    edges = {edge for mark in marks for edge in (mark.start, mark.end)}
    edges |= {edge for stretch in quoted for edge in stretch}
    edges |= {edge for edit in changed for edge in (edit.start, edit.end)}
    # A window's own edge may fall inside an edit or a secret; it moves outwards so that neither is shown in part.
    for piece in [*changed, *(mark for mark in marks if mark.private)]:
        low = piece.start if piece.start < low < piece.end else low
        high = piece.end if piece.start < high < piece.end else high
    return sorted({low, high} | {edge for edge in edges if low < edge < high})

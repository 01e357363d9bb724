"""Collects text piece by piece, each character with the stretch of the body it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from classifiers.reading.normalise import normalise

OTHERWISE = re.compile(r"[\x00\r\x0b\x0c\x80-\U0010ffff]+")
"""What `normalise` may change."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model reads of a body.

    `text`: the author's own words, blocks parted by newlines. `offsets[i]` and `ends[i]`: the half-open range of
    code points of the body that `text[i]` stands for; both never decrease. `quoted`: words of others, as context.
    """

    text: str
    offsets: list[int]
    ends: list[int]
    quoted: str

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range of the body, in code points, that `text[start:end]` came from."""
        if not self.text:
            return 0, 0
        if start >= end:
            edge = self.offsets[start] if start < len(self.offsets) else self.ends[-1]
            return edge, edge
        return self.offsets[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `body[start:end]` by `text`: markup that is dropped, an entity that is decoded."""

    start: int
    end: int
    text: str = ""


@dataclass(slots=True)
class Column:
    """Text under construction: one entry per code point in each of the three lists."""

    chars: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def ends_with_space(self) -> bool:
        return not self.chars or self.chars[-1].isspace()

    def ends_line(self) -> bool:
        return not self.chars or self.chars[-1] == "\n"

    def append(self, char: str, start: int, end: int) -> None:
        self.chars.append(char)
        self.offsets.append(start)
        self.ends.append(end)

    def extend(self, body: str, start: int, end: int) -> None:
        """Take `body[start:end]` as it is."""
        self.chars.extend(body[start:end])
        self.offsets.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))


class Builder:
    """Takes the body from left to right; `quoting` says whose words come next."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.own = Column()
        self.quoted = Column()
        self.quoting = False

    @property
    def column(self) -> Column:
        return self.quoted if self.quoting else self.own

    def keep(self, start: int, end: int) -> None:
        """Take `body[start:end]` as it stands, normalised."""
        for odd in OTHERWISE.finditer(self.body, start, end):
            self.column.extend(self.body, start, odd.start())
            for index, char in enumerate(odd[0], odd.start()):
                self.put(char, index, index + 1)
            start = odd.end()
        self.column.extend(self.body, start, end)

    def put(self, text: str, start: int, end: int) -> None:
        """Take `text` in place of `body[start:end]`."""
        for char in text:
            for out in normalise(char):
                self.column.append(out, start, end)

    def keep_edited(self, start: int, end: int, edits: Iterable[Edit]) -> None:
        """Take `body[start:end]` with `edits` made; edits are in order and do not overlap."""
        for edit in edits:
            self.keep(start, edit.start)
            self.put(edit.text, edit.start, edit.end)
            start = edit.end
        self.keep(start, end)

    def space(self, start: int, end: int) -> None:
        """Part two words that only markup parted."""
        if not self.column.ends_with_space():
            self.column.append(" ", start, end)

    def newline(self, start: int, end: int) -> None:
        """Part two blocks that only markup parted."""
        if not self.column.ends_line():
            self.column.append("\n", start, end)

    def reading(self) -> Reading:
        own = self.own
        return Reading("".join(own.chars), own.offsets, own.ends, "".join(self.quoted.chars))

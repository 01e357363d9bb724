"""Whose words: splits a body of plain text, Markdown or BBCode into stretches, own or quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUOTED_LINE = re.compile(r"[ \t]{0,3}>")
TAG = re.compile(
    r"\[(?P<close>/?)quote(?:=\"[^\"\n]{0,300}\"[^\[\]\n]{0,100}|[=\s][^\[\]\n]{0,300})?\]"
    r"|<(?P<close_html>/?)blockquote(?:\s[^<>\n]{0,300})?>",
    re.IGNORECASE,
)
"""Lengths are bounded so that a body full of open tags is still read in linear time."""
FENCE = re.compile(r"[ \t]{0,3}(```|~~~)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """`body[start:end]`, within one line; `literal` where it stands in a code fence, `first` at the line's start."""

    start: int
    end: int
    quoted: bool
    literal: bool = False
    first: bool = True


def stretches(body: str, fences: bool = False) -> Iterator[Stretch]:
    """Every stretch in order; markers of quotes are left out. An unclosed quote runs to the end."""
    depth, at, fenced = 0, 0, False
    for line in body.splitlines(keepends=True):
        start, at = at, at + len(line)
        if fences and not depth and FENCE.match(line):
            fenced = not fenced
        elif fenced:
            yield Stretch(start, at, False, literal=True)
        elif not depth and (mark := QUOTED_LINE.match(line)):
            yield Stretch(start + mark.end(), at, True)
        else:
            depth = yield from _by_tags(body, start, at, depth)


def _by_tags(body: str, start: int, end: int, depth: int) -> Iterator[Stretch]:
    """The stretches of one line; returns how many quotes are open after it."""
    line_start = start
    for tag in TAG.finditer(body, start, end):
        if tag.start() > start:
            yield Stretch(start, tag.start(), depth > 0, first=start == line_start)
        depth = max(0, depth - 1) if tag["close"] or tag["close_html"] else depth + 1
        start = tag.end()
    if start < end:
        yield Stretch(start, end, depth > 0, first=start == line_start)
    return depth

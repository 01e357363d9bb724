"""Sentences of a text, as ranges of code points."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+")


def sentences(text: str) -> list[tuple[int, int]]:
    """Ranges of the sentences of `text`, without the space around them; a line break ends one too."""
    ranges, start = [], 0
    for end in [*_END.finditer(text), None]:
        stop = len(text) if end is None else end.start()
        sentence = text[start:stop]
        if stripped := sentence.strip():
            first = start + sentence.index(stripped[0])
            ranges.append((first, first + len(stripped)))
        start = len(text) if end is None else end.end()
    return ranges

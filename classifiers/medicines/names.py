"""Medicines that a text names, by generic name, brand or a known misspelling of either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from classifiers.medicines.formulary import Medicine, medicines

WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Named:
    """A medicine at `start:end` of the text. `combined`: under a name that holds another medicine too."""

    start: int
    end: int
    medicine: Medicine
    combined: bool


def named(text: str) -> list[Named]:
    """The medicines in their order; of names that begin alike the longest counts."""
    known, longest = _spellings()
    lower = [*map(str.lower, WORD.findall(text))]
    firsts = [at for at, word in enumerate(lower) if word in longest]
    if not firsts:
        return []
    words, found, free = list(WORD.finditer(text)), [], 0
    for at in firsts:
        for count in range(min(longest[lower[at]], len(words) - at) if at >= free else 0, 0, -1):
            if meant := known.get(tuple(lower[at : at + count])):
                free = at + count
                found.append(Named(words[at].start(), words[free - 1].end(), *meant))
                break
    return found


@cache
def _spellings() -> tuple[dict[tuple[str, ...], tuple[Medicine, bool]], dict[str, int]]:
    """The words of each spelling → the medicine and whether it is combined; first word → most words of a spelling."""
    known: dict[tuple[str, ...], tuple[Medicine, bool]] = {}
    longest: dict[str, int] = {}
    for medicine in medicines():
        for spelling in medicine.spellings:
            words = tuple(WORD.findall(spelling))
            known[words] = medicine, spelling in medicine.combined
            longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return known, longest

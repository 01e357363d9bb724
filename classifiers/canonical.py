"""Text that hides, as the network should see it: look-alike letters, digits for letters, parted letters, emoji.

Only what the network reads is changed. Patterns, highlights and people have the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import emoji

LOOKALIKES = str.maketrans(
    "аеёһіїјкмнорстухѕԁԛԝвАВЕНІЈКМНОРСТУХЅαορνυικτχεβγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeehiijkmhopctyxsdqwbABEHIJKMHOPCTYXSaopvuiktxebynwABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that pass for Latin ones (Unicode Technical Standard 39, confusables), one for one."""
WORD = re.compile(r"\w+")
MIXED = re.compile(r"[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
"""Latin beside other letters in a word: no language has those."""

DIGITS = str.maketrans("013457@$!", "oieastasi")
INSIDE = re.compile(
    r"(?<=[A-Za-z])[013457@$!]{1,2}(?=[A-Za-z]{2})|(?<=[A-Za-z]{2})[013457@$!](?=[A-Za-z])|^\$(?=[A-Za-z]{3})"
)
DISGUISED = re.compile(r"[A-Za-z][013457@$!]{1,2}[A-Za-z]|\$[A-Za-z]{3}")
"""Without one of these INSIDE finds nothing in any word."""
AFTER_LETTER = re.compile(r"(?<=[A-Za-z])[013457@$!]{1,2}|^\$")
MEANT = re.compile(r"[./:\\]\w|^@|@[^@]*\d|t1d|a1[ac]|(\d)(?!\1)\d|\d[,.]\d|^\d", re.IGNORECASE)
"""Digits and signs that mean what they say: addresses, mentions, numbers, doses, type 1 diabetes, HbA1c."""
CHUNK = re.compile(r"\S+")

PARTED = re.compile(r"(?<!\w)[A-Za-z](?P<gap>[ .\-_*·|])[A-Za-z](?:(?P=gap)[A-Za-z]){2,}(?!\w)")
"""Four or more single letters with the same sign between them."""

FOREIGN = re.compile(r"[^\x00-\x7f]{1,256}")
"""Where emoji may stand. Bounded, for finding those that are joined takes time by the square of the text's length."""
SIGNS = frozenset(sign[0] for sign in emoji.EMOJI_DATA)
"""What emoji begin with. Without one of these nothing is looked for: most foreign letters are quotation marks."""
MOST_EMOJI = 1_000
"""Emoji named in one text: a name has some ten pieces, and a post of nothing else would take a minute to read."""

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Canonical:
    """`text[i]` stands for the half-open range `starts[i]`:`ends[i]` of what was given; both never decrease."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def canonicalise(text: str) -> Canonical:
    """`text` in plain letters and words, with the way back."""
    plain = WORD.sub(_latin, text) if MIXED.search(text) else text
    plain = CHUNK.sub(_letters_for_digits, plain) if DISGUISED.search(plain) else plain
    return _edited(plain, sorted([*_parted(plain), *islice(_emoji(plain), MOST_EMOJI)]))


def _latin(found: re.Match[str]) -> str:
    return found[0].translate(LOOKALIKES) if MIXED.search(found[0]) else found[0]


def _letters_for_digits(found: re.Match[str]) -> str:
    """One word with its letters back; it keeps its length."""
    word = found[0].rstrip("!?.,;:)")
    if not INSIDE.search(word) or MEANT.search(word):
        return found[0]
    return AFTER_LETTER.sub(lambda sign: sign[0].translate(DIGITS), word) + found[0][len(word) :]


def _parted(text: str) -> Iterator[Edit]:
    for run in PARTED.finditer(text):
        for gap in range(run.start() + 1, run.end(), 2):
            yield gap, gap + 1, ""


def _emoji(text: str) -> Iterator[Edit]:
    """Each emoji as its name in words (Unicode CLDR): the encoders know no emoji."""
    for run in FOREIGN.finditer(text):
        for found in emoji.emoji_list(run[0]) if not SIGNS.isdisjoint(run[0]) else ():
            yield run.start() + found["match_start"], run.start() + found["match_end"], _name(found["emoji"])


@lru_cache(maxsize=4096)
def _name(sign: str) -> str:
    return emoji.demojize(sign, delimiters=(" ", " ")).replace("_", " ")


def _edited(text: str, edits: list[Edit]) -> Canonical:
    if not edits:
        return Canonical(text, range(len(text)), range(1, len(text) + 1))
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def keep(start: int, end: int) -> None:
        chars.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    at = 0
    for start, end, words in edits:
        keep(at, start)
        chars.append(words)
        starts.extend([start] * len(words))
        ends.extend([end] * len(words))
        at = end
    keep(at, len(text))
    return Canonical("".join(chars), starts, ends)

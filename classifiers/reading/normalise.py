"""One character as a model should see it: invisible ones dropped, look-alike letters made plain."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u180e\ufeff\r\x00"
    + "".join(map(chr, range(0x200B, 0x2010)))
    + "".join(map(chr, range(0x202A, 0x202F)))
    + "".join(map(chr, range(0x2060, 0x2070)))
)
"""Soft hyphen, zero-width characters, direction marks; and the carriage return before a newline."""

COMPATIBILITY = (
    (0x2100, 0x214F),
    (0x24B6, 0x24E9),
    (0xFB00, 0xFB06),
    (0xFF01, 0xFF5E),
    (0x1D400, 0x1D7FF),
    (0x1F130, 0x1F149),
)
"""Letterlike, circled, ligatures, fullwidth, mathematical, squared. Not superscripts and fractions: 10⁶ is not 106."""


@lru_cache(maxsize=4096)
def normalise(char: str) -> str:
    """The zero or more characters that `char` becomes."""
    if char in INVISIBLE:
        return ""
    if char in "\x0b\x0c\x85\u2028\u2029":
        return "\n"
    if unicodedata.category(char) == "Zs":
        return " "
    if any(low <= ord(char) <= high for low, high in COMPATIBILITY):
        return unicodedata.normalize("NFKC", char)
    return char

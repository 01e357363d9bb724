"""Whether a value that the model marked can be of its type at all: a tagger that reads word pieces knows no forms."""

from __future__ import annotations

import re

DIGIT = r"(?:\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b)"
FEWEST: dict[str, tuple[re.Pattern[str], int]] = {
    "email": (re.compile(r"@|\bat\b", re.IGNORECASE), 1),
    "phone": (re.compile(DIGIT, re.IGNORECASE), 6),
    "date_of_birth": (re.compile(r"[^\W_]+"), 2),
    "ip_address": (re.compile(r"[.:]|\bdot\b|\bcolon\b", re.IGNORECASE), 3),
}
"""Type → what it must hold, and how often at least: an address its `@`, a phone number six digits, a date two parts."""


def is_plausible(kind: str, value: str) -> bool:
    """Types without an entry in FEWEST (names, addresses, accounts) may look like anything."""
    if kind not in FEWEST:
        return True
    needed, times = FEWEST[kind]
    return len(needed.findall(value)) >= times

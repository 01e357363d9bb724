"""The body with its personal data replaced by what it was."""

from __future__ import annotations

import re
from collections.abc import Iterable

from classifiers.findings import MarkedSpan

WORDS = {
    "person": "name",
    "email": "e-mail address",
    "phone": "phone number",
    "address": "address",
    "date_of_birth": "date of birth",
    "government_id": "identity number",
    "medical_id": "medical number",
    "payment": "payment details",
    "online_account": "account",
    "credential": "log-in",
    "ip_address": "IP address",
}
LEFT_OUT = "left_out"
"""The type of a span that a moderator leaves out, whatever it is."""
HIDDEN = "[removed]"
"""What stands in its place."""
PLACEHOLDER = re.compile(rf"\[(?:(?:{'|'.join(WORDS.values())}) )?removed\]")


def redact(text: str, spans: Iterable[MarkedSpan]) -> str:
    """`text` with each span replaced by its kind in brackets; overlapping spans become one."""
    return redact_with_places(text, spans)[0]


def redact_with_places(text: str, spans: Iterable[MarkedSpan]) -> tuple[str, list[tuple[int, int]]]:
    """The redacted text, and where in it something was left out: code points, end exclusive."""
    parts, places, position, length = [], [], 0, 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= position:
            kept, said = text[position : span.start], _said(span)
            parts += [kept, said]
            length += len(kept) + len(said)
            places.append((length - len(said), length))
        position = max(position, span.end)
    return "".join([*parts, text[position:]]), places


def _said(span: MarkedSpan) -> str:
    return f"[{WORDS[span.type]} removed]" if span.type in WORDS else HIDDEN


def says_nothing(redacted: str) -> bool:
    """Whether no word of the author is left."""
    return not any(character.isalnum() for character in PLACEHOLDER.sub("", redacted))

"""The body with its personal data replaced by what it was."""

from __future__ import annotations

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


def redact(text: str, spans: Iterable[MarkedSpan]) -> str:
    """`text` with each span replaced by its kind in brackets; overlapping spans become one."""
    parts, position = [], 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= position:
            parts += [text[position : span.start], f"[{WORDS[span.type]} removed]"]
        position = max(position, span.end)
    return "".join([*parts, text[position:]])

"""Every occurrence of a value is a span (policy, section 4): the label stands beside the first only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.found import Found

SHORTEST = 6
"""Shorter values are too likely to be something else the second time."""
MOST = 40
"""Values that are looked for again, so that a post made of nothing but values stays cheap."""


def repeats(text: str, spans: list[Found]) -> Iterator[Found]:
    """The other occurrences of the values of `spans`, each as sure as the first."""
    values: dict[str, Found] = {}
    for span in spans:
        if span.length >= SHORTEST and len(values) < MOST:
            values.setdefault(text[span.start : span.end], span)
    for value, first in values.items():
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text):
            if match.start() != first.start:
                yield Found(first.type, *match.span(), first.score, first.source)

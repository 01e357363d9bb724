"""Pattern detectors of personal data, beside the token model: what has a fixed shape needs no model.

Spans are tight by the policy (section 2). Where unsure a recogniser stays silent: the model adds recall.
"""

from __future__ import annotations

import re

from classifiers.folded import folded
from classifiers.personal_data.found import Found
from classifiers.personal_data.plausible import is_plausible
from classifiers.personal_data.registry import RECOGNISERS
from classifiers.personal_data.repeats import repeats
from classifiers.personal_data.resolve import resolve

DIGIT = re.compile(r"\d")


def find_patterns(text: str) -> list[Found]:
    """Every pattern found in `text`: ranges of code points, sorted, none overlapping another."""
    if not text:
        return []
    digits, lower = len(DIGIT.findall(text)), folded(text)
    spans = [found for each in RECOGNISERS if each.may_find(digits, lower) for found in each.find(text)]
    return resolve([*spans, *repeats(text, spans)])


__all__ = ["Found", "find_patterns", "is_plausible", "resolve"]

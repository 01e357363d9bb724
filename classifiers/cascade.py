"""The cascade: what a small model does not find clean, a larger one reads again; then both have a say."""

from __future__ import annotations

import math
from dataclasses import replace

from classifiers.labels import POST_LABELS, Area
from classifiers.reader import Scores

CLEAN_BELOW = 0.05
"""Where every label's probability lies below, the smaller model has the last word; the larger reads all others again, the
sure alarms too: a false one silences somebody ill. docs/evaluation.md has what this gives and costs."""
CALM_BELOW = 0.015
"""The same for the labels of self-harm, which it costs most to miss: of ordinary threads a third is read again for it, instead of a fourth."""
SMALLER_SHARE = 0.3
"""Weight of the smaller model's numbers beside the larger one's: two models err in different places. Chosen on the
development posts; docs/experiments.md has the others."""


def is_unclear(scores: Scores, clean_below: float = CLEAN_BELOW, calm_below: float = CALM_BELOW) -> bool:
    """Whether the larger model is to read the post as well."""
    pairs = zip(POST_LABELS, scores.labels, strict=True)
    return any(score >= (calm_below if area is Area.SELF_HARM else clean_below) for (area, _), score in pairs)


def combined(smaller: Scores, larger: Scores, share: float = SMALLER_SHARE) -> Scores:
    """Both models' numbers as one: the weighted mean of the labels' logits, and of the claims' tags where both cut the text
    into the same pieces. Personal data, and what each piece added, is the larger model's word alone.
    """
    labels = [
        _sigmoid(share * logit(a) + (1 - share) * logit(b)) for a, b in zip(smaller.labels, larger.labels, strict=True)
    ]
    if smaller.offsets != larger.offsets:
        return replace(larger, labels=labels)
    return replace(larger, labels=labels, claims=share * smaller.claims + (1 - share) * larger.claims)


def logit(probability: float) -> float:
    """Of a probability, kept a millionth away from 0 and 1."""
    kept = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(kept / (1 - kept))


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))

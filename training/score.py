"""Figures of merit: average precision for labels, precision and recall of spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from sklearn.metrics import average_precision_score

from classifiers.labels import MEDICAL, POST_LABELS, SELF_HARM, THIRD_PARTY_HEALTH
from classifiers.network import HeedNetwork
from training.corpus import LabelledPost
from training.passes import outputs
from training.targets import examples

SpanKey = tuple[str, int, int]
AREAS: dict[str, frozenset[str]] = {
    "medical": frozenset(MEDICAL),
    "self_harm": frozenset(SELF_HARM),
    THIRD_PARTY_HEALTH: frozenset({THIRD_PARTY_HEALTH}),
}
"""What posts are scored by: any label of an area."""


def quick(network: HeedNetwork, tokenizer: Any, posts: list[LabelledPost]) -> dict[str, float]:
    """AUPRC of any medical and any self-harm label, third-party health, and tag accuracy where a span is."""
    cut = [examples(tokenizer, post) for post in posts]
    found = iter(outputs(network, [e.window for made in cut for e in made], tokenizer.pad_token_id))
    scores, truths, right, marked = [], [], Counter(), Counter()
    for post, made in zip(posts, cut, strict=True):
        of_post = [next(found) for _ in made]
        scores.append(torch.stack([output.labels.float() for output in of_post]).amax(0).tolist())
        truths.append([int(name in post.labels) for _, name in POST_LABELS])
        for output, example in zip(of_post, made, strict=True):
            for name in ("claims", "personal"):
                tags, said = torch.tensor(getattr(example, name)), getattr(output, name).argmax(-1)
                right[name] += int(((tags > 0) & (said == tags)).sum())
                marked[name] += int(((tags > 0) | ((said > 0) & (tags == 0))).sum())
    names = [name for _, name in POST_LABELS]
    figures = {
        "medical": any_label(scores, truths, [names.index(n) for n in MEDICAL]),
        "self_harm": any_label(scores, truths, [names.index(n) for n in SELF_HARM]),
        "third_party": any_label(scores, truths, [names.index(THIRD_PARTY_HEALTH)]),
        "claims": right["claims"] / max(1, marked["claims"]),
        "personal": right["personal"] / max(1, marked["personal"]),
    }
    figures["mean"] = sum(figures.values()) / len(figures)
    return {name: round(value, 3) for name, value in figures.items()}


def any_label(scores: Sequence[Sequence[float]], truths: Sequence[Sequence[int]], columns: list[int]) -> float:
    """AUPRC of "any of these labels" by the largest of their scores."""
    truth = [max(row[c] for c in columns) for row in truths]
    return auprc(truth, [max(row[c] for c in columns) for row in scores]) or 0.0


def auprc(truth: Sequence[int], scores: Sequence[float]) -> float | None:
    """Average precision; None where nothing is true."""
    return float(average_precision_score(truth, scores)) if any(truth) else None


def match_spans(said: Iterable[SpanKey], truth: Iterable[SpanKey], exact: bool = False) -> tuple[int, int, int]:
    """(matched, said, true): same type, and overlap of at least half of the longer one, or the same range."""
    said, left = list(said), list(truth)
    total, matched = len(left), 0
    for span in said:
        hit = next((t for t in left if t[0] == span[0] and (t == span if exact else _overlap(t, span) >= 0.5)), None)
        if hit:
            left.remove(hit)
            matched += 1
    return matched, len(said), total


def _overlap(one: SpanKey, two: SpanKey) -> float:
    shared = min(one[2], two[2]) - max(one[1], two[1])
    return max(0, shared) / max(one[2] - one[1], two[2] - two[1])


def prf(matched: int, said: int, true: int) -> tuple[float, float, float]:
    """Precision, recall and F1; 0 where undefined."""
    precision, recall = matched / said if said else 0.0, matched / true if true else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0

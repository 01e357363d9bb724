"""Which of two overlapping spans stays."""

from __future__ import annotations

from bisect import bisect_right, insort

from classifiers.personal_data.found import Found


def resolve(spans: list[Found]) -> list[Found]:
    """Spans that do not overlap, sorted by place.

    The rule: a pattern stays before the model, since it knows the value's form; then the longer span, then the higher
    score (validated before context), then the one given first.
    """
    kept: list[tuple[int, int, int]] = []
    order = sorted(range(len(spans)), key=lambda index: (*_rank(spans[index]), index))
    for index in order:
        span = spans[index]
        if span.start < span.end and _is_free(kept, span):
            insort(kept, (span.start, span.end, index))
    return [spans[index] for _, _, index in kept]


def _rank(span: Found) -> tuple[bool, int, float]:
    """Smaller stays."""
    return span.source == "model", -span.length, -span.score


def _is_free(kept: list[tuple[int, int, int]], span: Found) -> bool:
    """Does the span overlap none of the kept ones, which are sorted and apart?"""
    at = bisect_right(kept, (span.start, float("inf"), 0))
    clear_before = at == 0 or kept[at - 1][1] <= span.start
    clear_after = at == len(kept) or kept[at][0] >= span.end
    return clear_before and clear_after

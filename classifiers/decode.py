"""From the network's numbers to spans and evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from classifiers.sentences import sentences

Range = tuple[int, int]
Tags = Sequence[Sequence[float]] | np.ndarray
"""A probability per piece and BIO tag (0: outside, 1+2k: begin, 2+2k: inside)."""

GAP = 2
"""Pieces outside that a clause may hold."""
BEGINS = 0.6
"""Probability of a begin tag from which a new clause starts right behind another."""
FEWEST_WORDS = 4
"""Fewer are a slip: nobody marks a claim of three words. These three were chosen on the development posts."""
SENTENCE_ENDS = re.compile(r"[.!?\n]\s")


def spans(tags: Tags, offsets: Sequence[Range], types: Sequence[str], text: str) -> list[tuple[str, int, int, float]]:
    """Runs of pieces with one type: (type, start, end, mean probability of the type); `offsets` holds each piece's range."""
    found: list[tuple[int, int, int, list[float]]] = []
    likeliest = _table(tags, types).argmax(axis=1)
    for piece in np.flatnonzero(likeliest).tolist():
        (start, end), best = offsets[piece], int(likeliest[piece])
        kind, begins = (best - 1) // 2, best % 2 == 1
        score = float(tags[piece][1 + 2 * kind]) + float(tags[piece][2 + 2 * kind])
        last = found[-1] if found else None
        between = text[last[2] : start] if last is not None and last[0] == kind else None
        # Nobody writes two people, or two addresses, with a bare space between them.
        if between in ("", " ") or (between is not None and not between.strip() and not begins):
            found[-1] = (kind, last[1], end, [*last[3], score])
        else:
            found.append((kind, start, end, [score]))
    tight = [(kind, *_tight(text, *_whole_words(text, start, end)), scores) for kind, start, end, scores in found]
    return [(types[kind], start, end, math.fsum(s) / len(s)) for kind, start, end, s in tight if start < end]


def _tight(text: str, start: int, end: int) -> Range:
    """Without the space and the commas, dots and lone brackets around it."""
    while start < end and not (text[start].isalnum() or text[start] in "+#@/~_" or text[start:end][1:2].isdigit()):
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in "!?$%*#=/_)"):
        end -= 1
    if text[start:end].count(")") > text[start:end].count("("):
        end -= text[end - 1] == ")"
    return start, end


def clauses(tags: Tags, offsets: Sequence[Range], types: Sequence[str], text: str) -> list[tuple[str, int, int, float]]:
    """Clauses of at least FEWEST_WORDS words, in the shape of `spans` and from the same numbers.

    A clause is where something of any type is likelier than nothing, short gaps closed; its type is the one likeliest over
    all its pieces: a long clause whose type the pieces do not agree on is still one clause.
    """
    table = _table(tags, types)
    begins = table[:, 1::2].max(axis=1) > BEGINS
    runs: list[list[int]] = []
    for index in np.flatnonzero(table[:, 0] <= 0.5).tolist():
        last = runs[-1][1] if runs else -math.inf
        goes_on = index - last <= 1 + GAP and not SENTENCE_ENDS.search(text[offsets[last][0] : offsets[index][0]])
        if goes_on and not begins[index]:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    found = []
    for first, last in runs:
        pieces = table[first : last + 1, 1:]
        totals = (pieces[:, ::2] + pieces[:, 1::2]).sum(axis=0).tolist()
        kind = max(range(len(types)), key=totals.__getitem__)
        start, end = _whole_words(text, offsets[first][0], offsets[last][1])
        if len(text[start:end].split()) >= FEWEST_WORDS:
            found.append((types[kind], start, end, totals[kind] / len(pieces)))
    return found


def _whole_words(text: str, start: int, end: int) -> Range:
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def weightiest_sentences(weights: np.ndarray, offsets: Sequence[Range], text: str) -> list[Range] | None:
    """For each label the sentence whose pieces added most to its logit; None where the text has no sentence.

    `weights` (pieces, labels) says how much each piece added.
    """
    ranges = sentences(text)
    if not ranges:
        return None
    so_far = np.vstack([np.zeros(weights.shape[1]), np.cumsum(weights, axis=0, dtype=np.float64)])
    starts, ends = (np.array(side, dtype=np.int64) for side in (zip(*offsets, strict=True) if offsets else ([], [])))
    # The pieces of a text go from its start to its end, so those of a sentence stand beside each other.
    first = np.searchsorted(ends, [start for start, _ in ranges], side="right")
    behind = np.searchsorted(starts, [end for _, end in ranges], side="left")
    return [ranges[best] for best in (so_far[behind] - so_far[first]).argmax(axis=0).tolist()]


def _table(tags: Tags, types: Sequence[str]) -> np.ndarray:
    return np.asarray(tags, dtype=np.float64).reshape(-1, 1 + 2 * len(types))

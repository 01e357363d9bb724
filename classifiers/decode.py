"""From the network's numbers to spans and evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from classifiers.sentences import sentences

Range = tuple[int, int]


def spans(
    tags: Sequence[Sequence[float]], offsets: Sequence[Range], types: Sequence[str], text: str
) -> list[tuple[str, int, int, float]]:
    """Runs of pieces with one type: (type, start, end, mean probability of the type).

    `tags` holds a probability per piece and BIO tag (0: outside, 1+2k: begin, 2+2k: inside), `offsets` the piece's range.
    """
    found: list[tuple[int, int, int, list[float]]] = []
    for probabilities, (start, end) in zip(tags, offsets, strict=True):
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        if best == 0:
            continue
        kind, begins = (best - 1) // 2, best % 2 == 1
        score = probabilities[1 + 2 * kind] + probabilities[2 + 2 * kind]
        last = found[-1] if found else None
        adjoins = last is not None and last[0] == kind and not text[last[2] : start].strip()
        same_word = adjoins and last[2] == start and text[start - 1].isalnum() and text[start].isalnum()
        if adjoins and (same_word or not begins):
            found[-1] = (kind, last[1], end, [*last[3], score])
        else:
            found.append((kind, start, end, [score]))
    return [(types[kind], *_whole_words(text, start, end), math.fsum(s) / len(s)) for kind, start, end, s in found]


def _whole_words(text: str, start: int, end: int) -> Range:
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def weightiest_sentence(weights: Sequence[float], offsets: Sequence[Range], text: str) -> Range | None:
    """The sentence whose pieces added most to a label's logit; None where the text has no sentence."""
    best, most = None, -math.inf
    for start, end in sentences(text):
        total = math.fsum(w for w, (s, e) in zip(weights, offsets, strict=True) if s < end and e > start)
        if total > most:
            best, most = (start, end), total
    return best

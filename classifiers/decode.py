"""From the network's numbers to spans and evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from classifiers.sentences import sentences

Range = tuple[int, int]

GAP = 2
"""Pieces outside that a clause may hold."""
BEGINS = 0.6
"""Probability of a begin tag from which a new clause starts right behind another."""
FEWEST_WORDS = 4
"""Fewer are a slip: nobody marks a claim of three words. These three were chosen on the development posts."""
SENTENCE_ENDS = re.compile(r"[.!?\n]\s")


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


def clauses(
    tags: Sequence[Sequence[float]], offsets: Sequence[Range], types: Sequence[str], text: str
) -> list[tuple[str, int, int, float]]:
    """Clauses of at least FEWEST_WORDS words, in the shape of `spans` and from the same numbers.

    A clause is where something of any type is likelier than nothing, short gaps closed; its type is the one likeliest over
    all its pieces: a long clause whose type the pieces do not agree on is still one clause.
    """
    runs: list[list[int]] = []
    for index, probabilities in enumerate(tags):
        if probabilities[0] > 0.5:
            continue
        last = runs[-1][1] if runs else -math.inf
        goes_on = index - last <= 1 + GAP and not SENTENCE_ENDS.search(text[offsets[last][0] : offsets[index][0]])
        if goes_on and max(probabilities[1::2]) <= BEGINS:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    found = []
    for first, last in runs:
        pieces = tags[first : last + 1]
        totals = [math.fsum(p[1 + 2 * kind] + p[2 + 2 * kind] for p in pieces) for kind in range(len(types))]
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


def weightiest_sentence(weights: Sequence[float], offsets: Sequence[Range], text: str) -> Range | None:
    """The sentence whose pieces added most to a label's logit; None where the text has no sentence."""
    best, most = None, -math.inf
    for start, end in sentences(text):
        total = math.fsum(w for w, (s, e) in zip(weights, offsets, strict=True) if s < end and e > start)
        if total > most:
            best, most = (start, end), total
    return best

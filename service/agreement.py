"""How far two readers think alike beyond what chance alone would give: Cohen's kappa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

FEWEST = 10
"""Pairs below which a kappa would say nothing."""
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Agreement:
    """Of so many posts that two people judged, each without knowing of the other."""

    pairs: int
    alike: float | None = None
    """Share of the pairs that are the same, 0..1; None where there are too few."""
    kappa: float | None = None
    """-1..1; None where there are too few, or where it is not defined: everybody did the same with every post."""
    error: float | None = None
    """Its standard error."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 of 100 such samples would give a kappa between these."""
        if self.kappa is None or self.error is None:
            return None
        return max(-1.0, self.kappa - NORMAL_95 * self.error), min(1.0, self.kappa + NORMAL_95 * self.error)


def agreement(pairs: Iterable[tuple[str, str]], fewest: int = FEWEST) -> Agreement:
    """Cohen's kappa of what a first and a second reader chose for each post, and its standard error.

    kappa = (po - pe) / (1 - pe): `po` is the share of pairs that are the same, `pe` what it would be by chance, were each
    reader's choices dealt out blindly. Error: sqrt(po (1 - po) / (n (1 - pe)^2)), an approximation. Both after J. Cohen
    (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20(1), 37-46.
    """
    chosen = list(pairs)
    count = len(chosen)
    if count < max(1, fewest):
        return Agreement(count)
    firsts, seconds = Counter(first for first, _ in chosen), Counter(second for _, second in chosen)
    same = sum(first == second for first, second in chosen)
    by_chance = sum(firsts[choice] * seconds[choice] for choice in firsts)
    # In whole numbers: 1 - pe would be a rounding error where it is nothing.
    if by_chance == count * count:
        return Agreement(count, same / count)
    alike, chance = same / count, by_chance / count**2
    error = sqrt(alike * (1 - alike) / count) / (1 - chance)
    return Agreement(count, alike, (alike - chance) / (1 - chance), error)

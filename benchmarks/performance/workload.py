"""The posts that are measured with: as long as patients' posts are, and the same in every run."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import Any

from training import corpus
from training.split import part

SEED = 7
MEDIAN, WIDTH, MOST = 300, 0.9, 2_100
"""Lengths in characters: the median and the width of a log-normal distribution, and the longest."""


def posts(number: int) -> list[str]:
    """So many texts out of posts kept apart from training, put together or cut at a word to the length that was drawn."""
    dice = random.Random(SEED)
    pool = [post.text for post in corpus.read() if part(post) == "test"]
    return [_of_length(min(MOST, int(dice.lognormvariate(math.log(MEDIAN), WIDTH))), pool, dice) for _ in range(number)]


def described(tokens: Sequence[int]) -> dict[str, Any]:
    """What the report says of them, by the tokens of each."""
    return {
        "seed": SEED,
        "posts": len(tokens),
        "tokens, median": int(statistics.median(tokens)),
        "tokens, 95th percentile": int(statistics.quantiles(tokens, n=20)[-1]),
        "tokens, mean": round(statistics.fmean(tokens)),
        "tokens, most": max(tokens),
    }


def _of_length(characters: int, pool: Sequence[str], dice: random.Random) -> str:
    text = dice.choice(pool)
    while len(text) < characters:
        text += " " + dice.choice(pool)
    return text[:characters].rsplit(" ", 1)[0] or text

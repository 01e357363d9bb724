"""Does the corpus give its labels away? ``python -m training.leaks``

Two measures. *Near duplicates*: posts of different splits (or of `--against FILE`) that share most of their character
5-grams. *Giveaways*: a bag-of-words model, trained on other threads, is shown the contrast pairs: where it tells the
labelled half from the other much more often than by chance (0.50), words alone carry the label.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training import corpus
from training.corpus import LabelledPost
from training.score import AREAS, auprc
from training.split import split

NEAR = 0.55
"""Cosine of character 5-grams from which two posts count as near duplicates."""
LEAST_LETTERS = 40
"""Shorter posts ("thanks so much") are alike by nature."""


@dataclass(frozen=True)
class Giveaway:
    """How much words alone say of `area`: pairs told apart (chance 0.5), AUPRC over all posts and its chance."""

    area: str
    pairs: int
    told_apart: float
    auprc: float
    chance: float
    words: tuple[str, ...]
    """The words that say most for the label."""


def near_duplicates(
    some: Sequence[LabelledPost], others: Sequence[LabelledPost]
) -> Iterator[tuple[float, LabelledPost, LabelledPost]]:
    """Pairs from the two groups that are nearly the same text, each with its cosine, nearest first."""
    some, others = ([p for p in group if len(p.text) >= LEAST_LETTERS] for group in (some, others))
    if not some or not others:
        return
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(5, 5), sublinear_tf=True, min_df=1)
    grams.fit([post.text for post in (*some, *others)])
    likeness = (grams.transform([p.text for p in some]) @ grams.transform([p.text for p in others]).T).tocoo()
    near = [
        (value, row, column)
        for row, column, value in zip(*likeness.coords, likeness.data, strict=True)
        if value >= NEAR
    ]
    for value, row, column in sorted(near, reverse=True):
        yield float(value), some[row], others[column]


def giveaway(posts: Sequence[LabelledPost], area: str, folds: int = 5) -> Giveaway:
    """What a bag-of-words model, cross-validated between threads, knows of an area's labels."""
    truth = np.array([bool(post.labels & AREAS[area]) for post in posts])
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3)
    table = words.fit_transform([f"{post.title}\n{post.text}" for post in posts])
    scores = np.zeros(len(posts))
    for train, test in GroupKFold(folds).split(table, truth, [post.thread for post in posts]):
        scores[test] = _model().fit(table[train], truth[train]).decision_function(table[test])
    place = {post.id: index for index, post in enumerate(posts)}
    halves = [
        (scores[place[post.id]], scores[place[post.pair]])
        for post in posts
        if post.pair in place and truth[place[post.id]] and not truth[place[post.pair]]
    ]
    apart = float(np.mean([mine > other for mine, other in halves])) if halves else 0.5
    weights = _model().fit(table, truth).coef_[0]
    strongest = np.array(words.get_feature_names_out())[np.argsort(-weights)[:15]]
    return Giveaway(area, len(halves), apart, auprc(truth, scores) or 0.0, float(truth.mean()), tuple(strongest))


def _model() -> LogisticRegression:
    return LogisticRegression(C=10, class_weight="balanced", max_iter=1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="a file of labelled posts that nobody may train on")
    arguments = parser.parse_args()
    posts = list(corpus.read())
    parts = split(posts)
    pairs = [(one, two, parts[one], parts[two]) for one, two in combinations(parts, 2)]
    if arguments.against:
        pairs.append(("corpus", arguments.against.name, posts, list(corpus.read([arguments.against]))))
    for one, two, some, others in pairs:
        found = list(near_duplicates(some, others))
        print(f"{one} and {two}: {len(found)} near duplicates")
        for value, mine, other in found[:20]:
            print(f"  {value:.2f} {mine.id} {other.id}: {mine.text[:70]!r} / {other.text[:70]!r}")
    for area in AREAS:
        found = giveaway(posts, area)
        print(f"{area}: {found.told_apart:.2f} of {found.pairs} pairs told apart by words alone; ", end="")
        print(f"AUPRC {found.auprc:.2f} (chance {found.chance:.2f}); {', '.join(found.words)}")


if __name__ == "__main__":
    main()

"""What the larger model should read again, and how much say the smaller keeps: ``python -m training.cascades``.

Both models read the development posts once; every choice of gates and share is then worked out from their numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import product

from rich.progress import track

from classifiers import weights
from classifiers.cascade import CALM_BELOW, CLEAN_BELOW, SMALLER_SHARE, combined, is_unclear
from classifiers.findings import PostText
from classifiers.labels import MEDICAL, POST_LABELS, SELF_HARM, THIRD_PARTY_HEALTH
from classifiers.larger import INSTALLED
from classifiers.reader import Reader, Scores
from classifiers.reading import read
from training import corpus
from training.corpus import LabelledPost
from training.score import any_label
from training.split import split

NAMES = [name for _, name in POST_LABELS]
SHOWN = {
    "medical": MEDICAL,
    "self-harm": SELF_HARM,
    "third party": [THIRD_PARTY_HEALTH],
    "crisis": ["crisis"],
    "encouragement": ["encouragement"],
}
GATES = ((1.1, 1.1), (0.05, 0.05), (CLEAN_BELOW, CALM_BELOW), (0.05, 0.02), (0.05, 0.01), (0.03, 0.02), (0.0, 0.0))
"""(all labels', self-harm's): from "nothing is read again" to "everything"."""
SHARES = (0.0, 0.15, SMALLER_SHARE, 0.45)
AT_ONCE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="folder of a smaller model; empty: the shipped one")
    parser.add_argument("--larger", default=str(weights.LARGER), help="folder of a larger model")
    arguments = parser.parse_args()
    posts = split(corpus.read())["dev"]
    smaller = read_all(Reader(weights.load(arguments.model)), posts, "the smaller reads")
    larger = read_all(Reader(weights.load(arguments.larger, str(INSTALLED))), posts, "the larger reads")
    columns = ("gate", "of self-harm", "share", "read again", "ordinary", *SHOWN, "medical labels", "self-harm labels")
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for (gate, calm), share in product(GATES, SHARES):
        if gate > 1 and share:
            continue
        again = [is_unclear(scores, gate, calm) for scores in smaller]
        scores = [
            combined(one, other, share).labels if more else one.labels
            for one, other, more in zip(smaller, larger, again, strict=True)
        ]
        ordinary = [more for more, post in zip(again, posts, strict=True) if corpus.is_ordinary(post)]
        figures = (sum(again) / len(again), sum(ordinary) / max(1, len(ordinary)), *merits(scores, posts))
        print(f"| {gate} | {calm} | {share} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


def read_all(reader: Reader, posts: Sequence[LabelledPost], description: str) -> list[Scores]:
    """The reader's numbers for each post."""
    encoded = [reader.encode(PostText(p.text, p.title, p.parent), read(p.text, "plain")) for p in posts]
    parts = range(0, len(posts), AT_ONCE)
    return [s for at in track(parts, description=description) for s in reader.scores(encoded[at : at + AT_ONCE])]


def merits(scores: Sequence[Sequence[float]], posts: Sequence[LabelledPost]) -> Iterable[float]:
    """AUPRC of "any of these labels" for each of SHOWN, then the mean of the medical and of the self-harm labels' own."""
    truths = [[int(name in post.labels) for name in NAMES] for post in posts]
    for names in SHOWN.values():
        yield _auprc(scores, truths, names)
    for names in (MEDICAL, SELF_HARM):
        yield sum(_auprc(scores, truths, [name]) for name in names) / len(names)


def _auprc(scores: Sequence[Sequence[float]], truths: Sequence[Sequence[int]], names: Sequence[str]) -> float:
    return any_label(scores, truths, [NAMES.index(name) for name in names])


if __name__ == "__main__":
    main()

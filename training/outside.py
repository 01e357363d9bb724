"""Public sets beside the corpus: what each can teach, and nothing more. docs/model-card.md names their licences."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from training.corpus import LabelledPost

BOTH = frozenset({"medical", "self_harm"})
TEACHES: dict[tuple[str, str], frozenset[str]] = {
    ("psytar", "patient review"): frozenset({"medical"}),
    ("meqsum", "consumer health question"): BOTH,
    ("medqa", "patient question"): BOTH,
    ("counselchat", "therapist answer"): frozenset({"self_harm"}),
    ("suicidemoji", "control"): BOTH,
    ("suicidemoji", "sub_control"): BOTH,
}
"""Set and kind of post → areas whose labels such posts are, by their kind, free of."""
MOST_LETTERS = 1200


def posts(folder: Path, most: int, seed: int) -> Iterator[tuple[LabelledPost, frozenset[str]]]:
    """Up to `most` posts of each kind with the areas they teach as negatives; none where the data is not at hand."""
    for (name, kind), known in TEACHES.items():
        path = folder / f"{name}.jsonl.gz"
        if not most or not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [row for row in map(json.loads, file) if row["label"] == kind]
        for row in random.Random(seed).sample(rows, min(most, len(rows))):
            yield LabelledPost(row["id"], row["id"], "", "", row["text"][:MOST_LETTERS]), known

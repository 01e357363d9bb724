"""Public sets beside the corpus: what each can teach, and nothing more. docs/model-card.md names their licences."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

from training.corpus import LabelledPost
from training.targets import Example, examples

TEACHES = {
    "psytar": frozenset({"medical"}),
    "meqsum": frozenset({"medical", "self_harm"}),
}
"""Sets whose posts are, by their kind, free of the labels of these areas: reviews and questions of patients."""


def examples_of(tokenizer: Any, folder: Path, most: int, seed: int) -> list[Example]:
    """Up to `most` posts of each set as negatives of its areas; none where the data is not at hand."""
    taught: list[Example] = []
    for name, known in TEACHES.items():
        path = folder / f"{name}.jsonl.gz"
        if not most or not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        for row in random.Random(seed).sample(rows, min(most, len(rows))):
            post = LabelledPost(id=row["id"], thread=row["id"], title="", parent="", text=row["text"][:1200])
            taught += examples(tokenizer, post, known)
    return taught

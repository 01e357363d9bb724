"""Posts that moderators decided, as `heed export-training` writes them: what each decision can teach, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.corpus import LabelledPost, parse

TAUGHT = frozenset({"medical", "self_harm"})
"""Not personal data: placeholders stand in its place, and a network would learn those."""


def posts(paths: Iterable[Path]) -> Iterator[tuple[LabelledPost, frozenset[str]]]:
    """Each post with the areas that its decision speaks of; none that speaks of no area taught."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            given = json.loads(line)
            if known := TAUGHT & set(given["known"]):
                yield parse(given), known

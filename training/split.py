"""Train, dev and test, cut between threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from training.corpus import LabelledPost

SHARES = {"test": 0.15, "dev": 0.15}
"""The rest is for training."""


def part(post: LabelledPost) -> str:
    """`train`, `dev` or `test`, by a hash of the thread: it never changes while the corpus grows."""
    place = int.from_bytes(hashlib.sha256(post.thread.encode()).digest()[:4]) / 2**32
    for name, share in SHARES.items():
        if place < share:
            return name
        place -= share
    return "train"


def split(posts: Iterable[LabelledPost]) -> dict[str, list[LabelledPost]]:
    parts: dict[str, list[LabelledPost]] = {"train": [], "dev": [], "test": []}
    for post in posts:
        parts[part(post)].append(post)
    return parts

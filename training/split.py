"""Train, dev and test, cut between threads; and posts of a writer that no network ever learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from training.corpus import LabelledPost, file_of

SHARES = {"test": 0.15, "dev": 0.15}
"""The rest is for training."""
WHOLE = {**dict.fromkeys(("ea", "eb", "ec", "ed", "ee", "ef", "eg"), "train"), "eh": "unseen"}
"""Files on one side as a whole: written to learn from once the others' test threads had been measured, or by an author of its own."""


def part(post: LabelledPost) -> str:
    """`train`, `dev`, `test` or `unseen`, by the file or by a hash of the thread: it never changes while the corpus grows."""
    if (file := file_of(post)) in WHOLE:
        return WHOLE[file]
    place = int.from_bytes(hashlib.sha256(post.thread.encode()).digest()[:4]) / 2**32
    for name, share in SHARES.items():
        if place < share:
            return name
        place -= share
    return "train"


def split(posts: Iterable[LabelledPost]) -> dict[str, list[LabelledPost]]:
    """The posts of each part; `unseen` is another test, by a writer whose file is on no other side."""
    parts: dict[str, list[LabelledPost]] = {"train": [], "dev": [], "test": [], "unseen": []}
    for post in posts:
        parts[part(post)].append(post)
    return parts

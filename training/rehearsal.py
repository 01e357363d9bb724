"""What a trained network learns once more when it goes on: the new files whole, of the others a share lest it forget them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from training.corpus import LabelledPost, file_of


def rehearsed(posts: Iterable[LabelledPost], new: Collection[str], share: float, seed: int = 0) -> list[LabelledPost]:
    """All posts of the files `new`, and of the others those of about `share` (0 to 1) of the threads, by a hash."""
    return [post for post in posts if file_of(post) in new or _place(post.thread, seed) < share]


def _place(thread: str, seed: int) -> float:
    return int.from_bytes(hashlib.sha256(f"rehearsal {seed} {thread}".encode()).digest()[:4]) / 2**32

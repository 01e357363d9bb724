"""Short posts out of long ones: the first sentence of a clean post is clean too, and real posts are often one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from classifiers.sentences import sentences
from training.corpus import LabelledPost

KNOWN = frozenset({"medical", "self_harm"})
"""What such a sentence teaches; its claims and personal data were marked in the whole post and are left alone."""
MOST_WORDS = 14


def beginnings(posts: Iterable[LabelledPost]) -> Iterator[LabelledPost]:
    """The first sentence of each post without any label, where it has at most MOST_WORDS and more follows."""
    for post in posts:
        start, end = next(iter(sentences(post.text)), (0, 0))
        first = post.text[start:end].strip()
        if not post.labels and first and first != post.text.strip() and len(first.split()) <= MOST_WORDS:
            yield LabelledPost(id=f"{post.id}-beginning", thread=post.thread, title="", parent=post.parent, text=first)

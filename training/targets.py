"""Posts as the network is taught them: windows with labels, tags, and masks for what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from classifiers.encoding import Window, encode_post
from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS
from classifiers.reading import read
from training.corpus import LabelledPost, Span

UNKNOWN = -100
"""Tag of a piece that teaches nothing (torch's ignore_index)."""


@dataclass(slots=True)
class Soft:
    """A teacher's logits for one window: `labels` (labels), `claims` and `personal` (pieces, tags)."""

    labels: Tensor
    claims: Tensor
    personal: Tensor


@dataclass(slots=True)
class Example:
    """One window of one post: `labels` holds 0, 1 or UNKNOWN for each of POST_LABELS."""

    window: Window
    labels: list[int]
    claims: list[int]
    personal: list[int]
    post: str = ""
    """The post's id: all its windows are taught together."""
    pair: str = ""
    """The same for both halves of a contrast pair, empty for others."""
    soft: Soft | None = None


def examples(tokenizer: Any, post: LabelledPost, known: frozenset[str] | None = None) -> list[Example]:
    """The post's windows. Labels outside `known` areas teach nothing; None means that everything is known.

    Every window bears the whole post's labels; which of them tells is found in training (losses.told).
    """
    reading = read(post.text, "plain")
    encoded = encode_post(tokenizer, reading, post.title, post.parent)
    own = post.labels
    labels = [UNKNOWN if known is not None and area not in known else int(name in own) for area, name in POST_LABELS]
    to_reading = {original: index for index, original in reversed(list(enumerate(reading.offsets)))}
    made = []
    for window in encoded.windows:
        claims = _tags(window, post.claims, CLAIMS, to_reading, known is None or "claim" in known)
        personal = _tags(window, post.spans, PERSONAL_DATA, to_reading, known is None or "personal_data" in known)
        pair = min(post.id, post.pair) if post.pair else ""
        made.append(Example(window, labels, claims, personal, post.id, pair))
    return made


def _tags(
    window: Window, spans: tuple[Span, ...], types: tuple[str, ...], where: dict[int, int], known: bool
) -> list[int]:
    tags = [UNKNOWN if start < 0 or not known else 0 for start in window.starts]
    if not known:
        return tags
    for span in spans:
        inside = [where[i] for i in range(span.start, span.end) if i in where]
        if not inside:
            continue
        first, last = inside[0], inside[-1] + 1
        kind, begun = types.index(span.type), False
        for index, (start, end) in enumerate(zip(window.starts, window.ends, strict=True)):
            if start >= 0 and start < last and end > first:
                tags[index] = 2 + 2 * kind if begun else 1 + 2 * kind
                begun = True
    return tags

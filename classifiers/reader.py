"""One trained network at work: encoded posts in, numbers out, many posts in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers.backends import EXACT, batch_tokens, forward
from classifiers.encoding import Encoded, Window, encode_post
from classifiers.findings import PostText
from classifiers.labels import POST_LABELS
from classifiers.network import collate
from classifiers.reading import Reading
from classifiers.weights import Model


@dataclass(slots=True)
class Scores:
    """The network's numbers for one post.

    `labels` are calibrated probabilities, one a label of POST_LABELS (of a model that reads alone: see Reader); `weights` (body pieces, labels) what each piece added
    to each logit; `claims` and `personal` (body pieces, tags) probabilities; `offsets` the pieces' ranges in the text.
    """

    labels: list[float]
    weights: np.ndarray
    claims: np.ndarray
    personal: np.ndarray
    offsets: list[tuple[int, int]]


class Reader:
    """Reads with one model. One per process; not for several threads at once.

    The default thresholds are chosen for two models together. One that reads `alone` has each label's logit moved, by what its
    manifest says, so that the same thresholds are the best for it as well: a forum's policy means the same with either.
    """

    def __init__(self, model: Model, backend: str = EXACT, alone: bool = False) -> None:
        self._forward, self._batch_tokens = forward(backend, model.network), batch_tokens(backend)
        self._tokenizer, self.name = model.tokenizer, model.name
        fitted = [model.manifest["calibration"].get(label, (1.0, 0.0)) for _, label in POST_LABELS]
        self._scale, self._shift = np.array(fitted).T
        if alone:
            moved = model.manifest.get("alone", {})
            self._shift = self._shift + np.array([moved.get(label, 0.0) for _, label in POST_LABELS])

    def encode(self, post: PostText, reading: Reading) -> Encoded:
        return encode_post(self._tokenizer, reading, post.title, post.parent)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def scores(self, posts: Sequence[Encoded]) -> list[Scores]:
        """Of each post, in their order."""
        windows = [(index, window) for index, post in enumerate(posts) for window in post.windows]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][1].ids))
        outputs: dict[int, tuple[np.ndarray, ...]] = {}
        for group in budgeted(order, [window for _, window in windows], self._batch_tokens):
            batch = collate([windows[i][1] for i in group], self._tokenizer.pad_token_id)
            labels, weights, claims, personal = self._forward(batch)
            found = [part.numpy() for part in (labels, weights, claims.softmax(-1), personal.softmax(-1))]
            for row, i in enumerate(group):
                outputs[i] = tuple(part[row] for part in found)
        by_post: list[list[int]] = [[] for _ in posts]
        for i, (index, _) in enumerate(windows):
            by_post[index].append(i)
        return [
            self._join(post, [(windows[i][1], *outputs[i]) for i in mine])
            for post, mine in zip(posts, by_post, strict=True)
        ]

    def _join(self, post: Encoded, parts: list[tuple[Any, ...]]) -> Scores:
        """One post from its windows: the largest logit of each label, the mean of tags where windows overlap."""
        if len(parts) == 1:
            return self._single(*parts[0])
        labels = np.stack([part[1] for part in parts])
        top = labels.argmax(axis=0)
        weights = np.zeros((post.pieces, labels.shape[1]), dtype=np.float32)
        sums = [np.zeros((post.pieces, part.shape[-1]), dtype=np.float32) for part in parts[0][3:]]
        seen = np.zeros((post.pieces, 1), dtype=np.float32)
        offsets: list[tuple[int, int]] = [(0, 0)] * post.pieces
        for number, (window, _, weight, *tags) in enumerate(parts):
            body = [i for i, start in enumerate(window.starts) if start >= 0]
            if not body:
                continue
            here = slice(window.first, window.first + len(body))
            inside = slice(body[0], body[-1] + 1)
            mine = top == number
            weights[here, mine] = weight[inside, mine]
            for total, tag in zip(sums, tags, strict=True):
                total[here] += tag[inside]
            seen[here] += 1
            offsets[here] = list(zip(window.starts[inside], window.ends[inside], strict=True))
        claims, personal = (total / np.maximum(seen, 1) for total in sums)
        return Scores(self._calibrated(labels.max(axis=0)), weights, claims, personal, offsets)

    def _single(
        self, window: Window, labels: np.ndarray, weights: np.ndarray, claims: np.ndarray, personal: np.ndarray
    ) -> Scores:
        """Most posts: one window, and nothing to join."""
        body = [i for i, start in enumerate(window.starts) if start >= 0]
        here = slice(body[0], body[-1] + 1) if body else slice(0)
        offsets = list(zip(window.starts[here], window.ends[here], strict=True))
        return Scores(self._calibrated(labels), weights[here], claims[here], personal[here], offsets)

    def _calibrated(self, logits: np.ndarray) -> list[float]:
        return (1 / (1 + np.exp(-(logits * self._scale + self._shift)))).tolist()


def budgeted(order: Sequence[int], windows: Sequence[Window], tokens: int) -> Iterable[list[int]]:
    """The places in `order`, which go from the shortest window to the longest, in groups of at most `tokens` pieces, padding included."""
    group: list[int] = []
    for index in order:
        if group and (len(group) + 1) * len(windows[index].ids) > tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group

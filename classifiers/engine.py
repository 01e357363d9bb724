"""Posts in, findings out: one pass of the shared encoder for all heads, patterns beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from classifiers import decode, weights
from classifiers.encoding import Encoded, Window, encode
from classifiers.findings import Evidence, Findings, LabelScore, MarkedSpan, NotChecked, PostText
from classifiers.hazards import hazards
from classifiers.labels import CLAIMS, MEDICAL, PERSONAL_DATA, POST_LABELS, SELF_HARM, Area
from classifiers.language import is_english
from classifiers.network import collate
from classifiers.personal_data import Found, find_patterns, resolve
from classifiers.reading import Reading, read
from classifiers.replacement import LabelReplacement, SpanReplacement

BATCH_TOKENS = 2048
"""Token budget of one forward pass: beyond it a two-core machine gains nothing (measured, docs/performance.md)."""


@dataclass(slots=True)
class _Read:
    """A post on its way: its reading and, where there is something to read, its windows."""

    post: PostText
    reading: Reading
    not_checked: NotChecked | None
    encoded: Encoded | None


@dataclass(slots=True)
class _Scores:
    """The network's numbers for one post: logits per label, its weights per body piece, probabilities per tag."""

    labels: list[float]
    weights: list[list[float]]
    claims: list[list[float]]
    personal: list[list[float]]
    offsets: list[tuple[int, int]]


class Classifier:
    """Reads posts. One per process; not for several threads at once."""

    def __init__(
        self,
        model: weights.Model,
        labels: dict[Area, LabelReplacement] | None = None,
        personal: SpanReplacement | None = None,
    ) -> None:
        self._model = model
        self._replaced = labels or {}
        self._personal_model = personal
        self._temperatures = [model.manifest["temperatures"].get(area, 1.0) for area, _ in POST_LABELS]
        self.models = {"shared": model.name, **{str(area): r.name for area, r in self._replaced.items()}}
        if personal:
            self.models[str(Area.PERSONAL_DATA)] = personal.name

    def read(self, posts: Sequence[PostText]) -> list[Findings]:
        """The findings of each post, in their order."""
        prepared = [self._prepare(post) for post in posts]
        scores = self._score([item.encoded for item in prepared if item.encoded])
        return [self._findings(item, next(scores) if item.encoded else None) for item in prepared]

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _prepare(self, post: PostText) -> _Read:
        reading = read(post.text, post.format)
        not_checked = _unreadable(reading.text, post)
        if not_checked:
            return _Read(post, reading, not_checked, None)
        context = "\n".join(filter(None, [post.parent, reading.quoted]))
        return _Read(post, reading, None, encode(self._model.tokenizer, reading.text, post.title, context))

    def _score(self, posts: list[Encoded]) -> Iterable[_Scores]:
        windows = [(index, window) for index, post in enumerate(posts) for window in post.windows]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][1].ids))
        outputs: dict[int, tuple[torch.Tensor, ...]] = {}
        for group in _budgeted(order, [window for _, window in windows]):
            batch = collate([windows[i][1] for i in group], self._model.tokenizer.pad_token_id)
            with torch.inference_mode():
                output = self._model.network(batch)
            for row, i in enumerate(group):
                outputs[i] = tuple(part[row] for part in output)
        by_post: list[list[int]] = [[] for _ in posts]
        for i, (index, _) in enumerate(windows):
            by_post[index].append(i)
        return iter(
            [
                _join(post, [(windows[i][1], *outputs[i]) for i in mine])
                for post, mine in zip(posts, by_post, strict=True)
            ]
        )

    def _findings(self, item: _Read, scores: _Scores | None) -> Findings:
        patterns = find_patterns(item.reading.text)
        common = {"language": "" if item.not_checked else "en", "models": self.models}
        if scores is None:
            return Findings(spans=self._personal(item, patterns), not_checked=item.not_checked, **common)
        tagged = self._tagged(item, scores)
        personal = resolve([*patterns, *(Found(*span, "model") for span in tagged)])
        claims = decode.spans(scores.claims, scores.offsets, CLAIMS, item.reading.text)
        return Findings(
            labels=tuple(self._labels(item, scores)),
            spans=(*self._personal(item, personal), *_original(item, Area.CLAIM, (Found(*c, "model") for c in claims))),
            hazards=hazards(item.reading.text, item.post.parent),
            **common,
        )

    def _tagged(self, item: _Read, scores: _Scores) -> list[tuple[str, int, int, float]]:
        if self._personal_model:
            return self._personal_model.spans(item.reading.text)
        return decode.spans(scores.personal, scores.offsets, PERSONAL_DATA, item.reading.text)

    def _personal(self, item: _Read, found: Iterable[Found]) -> tuple[MarkedSpan, ...]:
        return _original(item, Area.PERSONAL_DATA, found)

    def _labels(self, item: _Read, scores: _Scores) -> Iterable[LabelScore]:
        replaced = {area: model.scores(item.reading.text) for area, model in self._replaced.items()}
        for index, (area, label) in enumerate(POST_LABELS):
            score = _sigmoid(scores.labels[index] / self._temperatures[index])
            if area in replaced and label in (*MEDICAL, *SELF_HARM):
                score = replaced[area].get(label, 0.0)
            sentence = decode.weightiest_sentence([w[index] for w in scores.weights], scores.offsets, item.reading.text)
            evidence = Evidence(*item.reading.original(*sentence)) if sentence else None
            yield LabelScore(area, label, score, evidence)


def load_classifier(
    model: str = "",
    encoder: str = "",
    threads: int = 0,
    medical_model: str = "",
    self_harm_model: str = "",
    personal_data_model: str = "",
) -> Classifier:
    """The classifier by its settings: names are folders or Hugging Face ids, empty means ours.

    Raises weights.ModelError, which says what to do.
    """
    if threads:
        torch.set_num_threads(threads)
    replaced = {}
    for area, name, labels in ((Area.MEDICAL, medical_model, MEDICAL), (Area.SELF_HARM, self_harm_model, SELF_HARM)):
        if name:
            replaced[area] = LabelReplacement(name, labels)
    personal = SpanReplacement(personal_data_model) if personal_data_model else None
    return Classifier(weights.load(model, encoder), replaced, personal)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


def _unreadable(text: str, post: PostText) -> NotChecked | None:
    if not any(character.isalpha() for character in text + post.title):
        # Digits alone may still be a phone number or a card: patterns look at them all the same.
        return NotChecked.EMPTY
    return None if is_english(text if any(c.isalpha() for c in text) else post.title) else NotChecked.LANGUAGE


def _budgeted(order: list[int], windows: list[Window]) -> Iterable[list[int]]:
    group: list[int] = []
    for index in order:
        if group and (len(group) + 1) * len(windows[index].ids) > BATCH_TOKENS:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _join(post: Encoded, parts: list[tuple[Any, ...]]) -> _Scores:
    """One post from its windows: the largest logit of each label, the mean of tags where windows overlap."""
    labels = torch.stack([part[1] for part in parts])
    top = labels.argmax(0).tolist()
    weights_ = torch.zeros(post.pieces, labels.shape[1])
    sums = [torch.zeros(post.pieces, part.shape[-1]) for part in parts[0][3:]]
    seen = torch.zeros(post.pieces, 1)
    offsets: list[tuple[int, int]] = [(0, 0)] * post.pieces
    for number, (window, _, weight, *tags) in enumerate(parts):
        body = [i for i, start in enumerate(window.starts) if start >= 0]
        if not body:
            continue
        here = slice(window.first, window.first + len(body))
        inside = slice(body[0], body[-1] + 1)
        mine = [label for label, best in enumerate(top) if best == number]
        weights_[here, mine] = weight[inside][:, mine]
        for total, tag in zip(sums, tags, strict=True):
            total[here] += tag[inside].softmax(-1)
        seen[here] += 1
        offsets[here] = [(window.starts[i], window.ends[i]) for i in body]
    claims, personal = ((total / seen.clamp(min=1)).tolist() for total in sums)
    return _Scores(labels.amax(0).tolist(), weights_.tolist(), claims, personal, offsets)


def _original(item: _Read, area: Area, found: Iterable[Found]) -> tuple[MarkedSpan, ...]:
    return tuple(
        MarkedSpan(area, span.type, *item.reading.original(span.start, span.end), span.score, span.source)
        for span in found
    )

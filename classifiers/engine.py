"""Posts in, findings out: one pass of the shared encoder for all heads, patterns beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from classifiers import decode, larger, medicines, weights
from classifiers.backends import EXACT
from classifiers.canonical import Canonical
from classifiers.cascade import combined, is_unclear
from classifiers.findings import Evidence, Fact, Findings, LabelScore, MarkedSpan, NotChecked, Part, PostText
from classifiers.hazards import hazards
from classifiers.labels import CLAIMS, MEDICAL, PERSONAL_DATA, POST_LABELS, SELF_HARM, Area
from classifiers.language import is_english
from classifiers.personal_data import Found, find_patterns, is_plausible, resolve
from classifiers.reader import Reader, Scores
from classifiers.reading import Reading, read, whole
from classifiers.replacement import LabelReplacement, SpanReplacement

OFF = "off"
"""Name of no larger model."""


@dataclass(slots=True)
class _Read:
    """A post on its way: its reading, and either why it can't be read or what read it and the numbers."""

    post: PostText
    reading: Reading
    title: Reading
    not_checked: NotChecked | None
    by: str = ""
    scores: Scores | None = None
    title_scores: Scores | None = None
    plain: Canonical | None = None
    """The reading as the network sees it."""


@dataclass(frozen=True, slots=True)
class Models:
    """What a classifier is made of, as it lies on disk: no back end yet."""

    model: weights.Model
    larger: weights.Model | None = None
    labels: dict[Area, LabelReplacement] = field(default_factory=dict)
    personal: SpanReplacement | None = None


class Classifier:
    """Reads posts. One per process; not for several threads at once."""

    def __init__(self, models: Models, backend: str = EXACT) -> None:
        self.backend = backend
        self._reader = Reader(models.model, backend, alone=models.larger is None)
        self._larger = Reader(models.larger, backend) if models.larger else None
        self._replaced = models.labels
        self._personal_model = models.personal
        self.models = {"shared": models.model.name, **{str(area): r.name for area, r in self._replaced.items()}}
        if models.personal:
            self.models[str(Area.PERSONAL_DATA)] = models.personal.name
        self.reread = 0
        """Posts that the larger model has read again so far."""

    @property
    def name(self) -> str:
        return self._reader.name + (f" and {self._larger.name}" if self._larger else "")

    @property
    def readers(self) -> frozenset[str]:
        """What findings call the model that read a post, `models["shared"]`: the one of `name` alone, or both."""
        return frozenset({self._reader.name, *([_both(self._larger, self._reader)] if self._larger else [])})

    @property
    def has_larger(self) -> bool:
        return self._larger is not None

    def read(self, posts: Sequence[PostText]) -> list[Findings]:
        """The findings of each post, in their order."""
        items = [self._prepare(post) for post in posts]
        readable = [item for item in items if not item.not_checked]
        self._read_with(self._reader, readable)
        if self._larger:
            self._read_again(self._larger, [item for item in readable if item.scores and is_unclear(item.scores)])
        self._read_titles([item for item in readable if item.title.text.strip()])
        return [self._findings(item) for item in items]

    def count_tokens(self, text: str) -> int:
        return self._reader.count_tokens(text)

    def _prepare(self, post: PostText) -> _Read:
        reading = read(post.text, post.format)
        return _Read(post, reading, whole(post.title), _unreadable(reading.text, post))

    @staticmethod
    def _read_with(reader: Reader, items: list[_Read]) -> None:
        encoded = [reader.encode(item.post, item.reading) for item in items]
        for item, each, scores in zip(items, encoded, reader.scores(encoded), strict=True):
            item.by, item.scores, item.plain = reader.name, scores, each.plain

    def _read_again(self, reader: Reader, items: list[_Read]) -> None:
        self.reread += len(items)
        first = [item.scores for item in items]
        self._read_with(reader, items)
        for item, scores in zip(items, first, strict=True):
            if scores and item.scores:
                item.by, item.scores = _both(reader, self._reader), combined(scores, item.scores)

    def _read_titles(self, items: list[_Read]) -> None:
        """A title alone, for the personal data in it: within a post its pieces have neither place nor spelling."""
        # Apart from the bodies: which of them share a pass, and so their numbers, stays as it is without titles.
        found = self._reader.scores([self._reader.encode(PostText(i.post.title), i.title) for i in items])
        for item, scores in zip(items, found, strict=True):
            item.title_scores = scores

    def _findings(self, item: _Read) -> Findings:
        personal = _original(item.reading, Area.PERSONAL_DATA, self._personal(item.reading.text, item.scores))
        titled = self._personal(item.title.text, item.title_scores)
        title = _original(item.title, Area.PERSONAL_DATA, titled, Part.TITLE)
        answered = whole(item.post.parent)
        parent = _original(answered, Area.PERSONAL_DATA, find_patterns(answered.text), Part.PARENT)
        if item.scores is None or item.plain is None:
            return Findings(spans=(*personal, *title), parent=parent, models=self.models, not_checked=item.not_checked)
        text = item.reading.text
        claims = decode.clauses(item.scores.claims, item.scores.offsets, CLAIMS, text)
        claimed = _original(item.reading, Area.CLAIM, (Found(*claim, "model") for claim in claims))
        return Findings(
            labels=tuple(self._labels(item, item.scores)),
            spans=(*personal, *claimed, *title),
            parent=parent,
            hazards=hazards(text, item.post.parent),
            facts=_facts(item.reading, item.plain, item.post.parent),
            language="en",
            models=self.models | {"shared": item.by},
        )

    def _personal(self, text: str, scores: Scores | None) -> list[Found]:
        """Personal data in `text`: by patterns alone where no model has read it."""
        patterns = find_patterns(text)
        if scores is None:
            return patterns
        tagged = [Found(*span, "model") for span in self._tagged(text, scores)]
        return resolve([*patterns, *(span for span in tagged if is_plausible(span.type, text[span.start : span.end]))])

    def _tagged(self, text: str, scores: Scores) -> list[tuple[str, int, int, float]]:
        if self._personal_model:
            return self._personal_model.spans(text)
        return decode.spans(scores.personal, scores.offsets, PERSONAL_DATA, text)

    def _labels(self, item: _Read, scores: Scores) -> Iterable[LabelScore]:
        replaced = {area: model.scores(item.reading.text) for area, model in self._replaced.items()}
        sentences = decode.weightiest_sentences(scores.weights, scores.offsets, item.reading.text)
        for index, (area, label) in enumerate(POST_LABELS):
            score = scores.labels[index]
            if area in replaced and label in (*MEDICAL, *SELF_HARM):
                score = replaced[area].get(label, 0.0)
            evidence = Evidence(*item.reading.original(*sentences[index])) if sentences else None
            yield LabelScore(area, label, score, evidence)


def _both(larger_one: Reader, smaller: Reader) -> str:
    return f"{larger_one.name} with {smaller.name}"


def load_classifier(model: str = "", encoder: str = "", backend: str = EXACT, **others: Any) -> Classifier:
    """The classifier of what `load_models` loads. Raises weights.ModelError, which says what to do."""
    return Classifier(load_models(model, encoder, **others), backend)


def load_models(
    model: str = "",
    encoder: str = "",
    threads: int = 0,
    larger_model: str = OFF,
    larger_encoder: str = "",
    medical_model: str = "",
    self_harm_model: str = "",
    personal_data_model: str = "",
) -> Models:
    """The models by their settings: names are folders or Hugging Face ids, empty means ours.

    The larger model is left out where it is OFF, or empty and its encoder is not installed.
    Raises weights.ModelError, which says what to do.
    """
    if threads:
        torch.set_num_threads(threads)
    replaced = {}
    for area, name, labels in ((Area.MEDICAL, medical_model, MEDICAL), (Area.SELF_HARM, self_harm_model, SELF_HARM)):
        if name:
            replaced[area] = LabelReplacement(name, labels)
    personal = SpanReplacement(personal_data_model) if personal_data_model else None
    return Models(weights.load(model, encoder), _larger(larger_model, larger_encoder), replaced, personal)


def _larger(model: str, encoder: str) -> weights.Model | None:
    if model == OFF or (not model and not encoder and not larger.is_installed()):
        return None
    return weights.load(model or str(weights.LARGER), encoder or str(larger.INSTALLED))


def _unreadable(text: str, post: PostText) -> NotChecked | None:
    if not any(character.isalpha() for character in text + post.title):
        # Digits alone may still be a phone number or a card: patterns look at them all the same.
        return NotChecked.EMPTY
    return None if is_english(text if any(c.isalpha() for c in text) else post.title) else NotChecked.LANGUAGE


def _original(reading: Reading, area: Area, found: Iterable[Found], part: Part = Part.BODY) -> tuple[MarkedSpan, ...]:
    return tuple(
        MarkedSpan(area, span.type, *reading.original(span.start, span.end), span.score, span.source, part)
        for span in found
    )


def _facts(reading: Reading, plain: Canonical, parent: str) -> tuple[Fact, ...]:
    """What is published about the medicines of the author's own words, which may hide as they do from the network."""

    def place(fact: Fact) -> Fact:
        start, end = reading.original(plain.starts[fact.start], plain.ends[fact.end - 1])
        return replace(fact, start=start, end=end)

    return tuple(place(fact) for fact in medicines.facts(plain.text, parent))

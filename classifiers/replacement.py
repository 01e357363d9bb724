"""Any Hugging Face classifier in the place of one of ours: an operator's own model, by a setting.

Its labels are matched to the policy's by name (case, spaces and hyphens don't matter; `B-` and `I-` are dropped).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from classifiers import decode
from classifiers.labels import PERSONAL_DATA
from classifiers.weights import ModelError, folder_of

STRIDE = 64
"""Pieces that neighbouring windows of a long post share."""


class LabelReplacement:
    """A text classifier that scores some of the policy's labels; those it doesn't know score 0."""

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        folder = folder_of(name)
        self.name = name
        self._model = _load(AutoModelForSequenceClassification, folder, name).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._columns = _columns(self._model.config.id2label, labels, name)
        self._single = getattr(self._model.config, "problem_type", None) == "single_label_classification"

    def scores(self, text: str) -> dict[str, float]:
        """The largest score of each label over the windows of `text`, 0..1."""
        inputs, _ = _windows(self._tokenizer, text)
        with torch.inference_mode():
            logits = self._model(**inputs).logits
        chances = (logits.softmax(-1) if self._single else logits.sigmoid()).amax(0).tolist()
        return {label: max(chances[column] for column in columns) for label, columns in self._columns.items()}


class SpanReplacement:
    """A token classifier that marks some of the policy's personal-data types."""

    def __init__(self, name: str) -> None:
        folder = folder_of(name)
        self.name = name
        self._model = _load(AutoModelForTokenClassification, folder, name).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        names = {i: label.removeprefix("B-").removeprefix("I-") for i, label in self._model.config.id2label.items()}
        self._columns = _columns(names, PERSONAL_DATA, name)
        self._begins = {i for i, label in self._model.config.id2label.items() if label.startswith("B-")}

    def spans(self, text: str) -> list[tuple[str, int, int, float]]:
        """(type, start, end, score) of each run of pieces with one type."""
        inputs, offsets = _windows(self._tokenizer, text)
        with torch.inference_mode():
            chances = self._model(**inputs).logits.softmax(-1)
        best: dict[tuple[int, int], list[float]] = {}
        for window, ranges in zip(chances.tolist(), offsets, strict=True):
            for row, (start, end) in zip(window, ranges, strict=True):
                if end > start:
                    best.setdefault((start, end), self._tags(row))
        ranges = sorted(best)
        return decode.spans([best[r] for r in ranges], ranges, PERSONAL_DATA, text)

    def _tags(self, row: list[float]) -> list[float]:
        tags = [0.0] * (1 + 2 * len(PERSONAL_DATA))
        for kind, label in enumerate(PERSONAL_DATA):
            for column in self._columns.get(label, ()):
                tags[(1 if column in self._begins else 2) + 2 * kind] += row[column]
        tags[0] = 1.0 - sum(tags)
        return tags


def _load(kind: Any, folder: Any, name: str) -> Any:
    try:
        return kind.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise ModelError(f"The model {name!r} can't be loaded as {kind.__name__} ({type(error).__name__}).") from None


def _columns(id2label: dict[int, str], labels: Sequence[str], name: str) -> dict[str, list[int]]:
    plain = {column: label.lower().replace(" ", "_").replace("-", "_") for column, label in id2label.items()}
    columns = {label: [c for c, said in plain.items() if said == label] for label in labels}
    known = {label: found for label, found in columns.items() if found}
    if not known:
        raise ModelError(
            f"The model {name!r} has none of the labels {', '.join(labels)}: it says {', '.join(id2label.values())}. "
            "Rename its labels in its config.json (id2label)."
        )
    return known


def _windows(tokenizer: Any, text: str) -> tuple[dict[str, torch.Tensor], list[list[tuple[int, int]]]]:
    """The text in overlapping windows of the model's own length, none cut off."""
    longest = min(tokenizer.model_max_length, 512)
    inputs = tokenizer(
        text,
        truncation=True,
        max_length=longest,
        stride=min(STRIDE, longest // 4),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding=True,
        return_tensors="pt",
    )
    offsets = [[(int(s), int(e)) for s, e in window] for window in inputs.pop("offset_mapping").tolist()]
    inputs.pop("overflow_to_sample_mapping", None)
    return dict(inputs), offsets

"""What the classifiers say of one post: scores per label and marked stretches, each with its evidence.

No thresholds and no actions here: those are the forum's policy (`service.policy`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from classifiers.labels import Area


class NotChecked(StrEnum):
    """Why a post was not read by the models."""

    EMPTY = "empty"
    """Nothing to read: no text, only emoji, only quotes."""
    LANGUAGE = "language"
    """Written in a language the models were not trained on."""
    FAILED = "failed"
    """Reading it failed again and again; a person has to look."""


class Part(StrEnum):
    """Which text of a post a stretch stands in."""

    BODY = "body"
    TITLE = "title"
    PARENT = "parent"
    """What the post answers, as the forum gave it: never the author's own words."""


@dataclass(frozen=True, slots=True)
class PostText:
    """What a classifier is given. `format` is `plain`, `markdown`, `bbcode` or `html`."""

    text: str
    title: str = ""
    parent: str = ""
    format: str = "plain"
    language: str = ""
    """ISO 639-1 code where the forum knows it, else empty: the language is then guessed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stretch of the submitted body that weighed most: code points, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One post label: `score` is a calibrated probability in 0..1."""

    area: Area
    label: str
    score: float
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """One stretch of the submitted body, or of another `part`: code points, end exclusive, `score` in 0..1."""

    area: Area
    type: str
    start: int
    end: int
    score: float
    source: str = "model"
    """Who found it: `model`, or the name of the pattern."""
    part: Part = Part.BODY

    def to_json(self) -> dict[str, Any]:
        """The shape stored and told: `in` stands there only where it is not the body."""
        return {
            "area": str(self.area),
            "type": self.type,
            "start": self.start,
            "end": self.end,
            "score": round(self.score, 4),
            "source": self.source,
            **({} if self.part is Part.BODY else {"in": str(self.part)}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        values = {name: value for name, value in data.items() if name != "in"}
        return cls(**{**values, "area": Area(data["area"])}, part=Part(data.get("in", Part.BODY)))


MILLIGRAMS = {"mcg": 0.001, "mg": 1.0, "g": 1000.0}
"""Units of mass in which a fact tells doses."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is published about a medicine, beside what the body tells at `start:end` (code points, end exclusive)."""

    kind: str
    """`dose`: beyond the maximum; `sudden_stop`: of a medicine that is to be tapered."""
    medicine: str
    start: int
    end: int
    source: dict[str, str]
    """`title`, `url` and `date` of the document; the date is empty where it shows none."""
    said: dict[str, Any] = field(default_factory=dict)
    """Of a dose: `amount`, `unit`, and `per` (day, week, or dose where no rate is told). Numbers, no words of the post."""
    maximum: dict[str, Any] = field(default_factory=dict)
    """Of a dose: `amount`, `unit`, `per`, `route` and `who`."""
    why: str = ""
    """Of a sudden stop: what it may bring."""

    def to_json(self) -> dict[str, Any]:
        """The shape stored and told: without what the kind has nothing to say of."""
        return {name: value for name, value in asdict(self).items() if value not in ({}, "")}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything the classifiers say of one post."""

    labels: tuple[LabelScore, ...] = ()
    spans: tuple[MarkedSpan, ...] = ()
    """In the author's own words: the body and the title."""
    not_checked: NotChecked | None = None
    language: str = ""
    hazards: tuple[str, ...] = ()
    """Words of the post or its parent that make medical harm soon more likely (a drug class, a child, pregnancy)."""
    models: dict[str, str] = field(default_factory=dict)
    """Name and version of each model that read it."""
    parent: tuple[MarkedSpan, ...] = ()
    """Personal data in what the post answers: it is covered where people see it, and counts for nothing."""
    facts: tuple[Fact, ...] = ()
    """What is published about medicines beside what the author's own words tell."""

    @property
    def checked(self) -> bool:
        return self.not_checked is None

    def to_json(self) -> dict[str, Any]:
        """The shape stored and replayed; `from_json` is its inverse."""
        return {
            "labels": [
                {
                    "area": str(found.area),
                    "label": found.label,
                    "score": round(found.score, 4),
                    "evidence": [found.evidence.start, found.evidence.end] if found.evidence else None,
                }
                for found in self.labels
            ],
            "spans": [span.to_json() for span in self.spans],
            "not_checked": str(self.not_checked) if self.not_checked else None,
            "language": self.language,
            "hazards": list(self.hazards),
            "models": self.models,
            **({"parent": [span.to_json() for span in self.parent]} if self.parent else {}),
            **({"facts": [fact.to_json() for fact in self.facts]} if self.facts else {}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            labels=tuple(
                LabelScore(
                    Area(found["area"]),
                    found["label"],
                    found["score"],
                    Evidence(*found["evidence"]) if found["evidence"] else None,
                )
                for found in data["labels"]
            ),
            spans=tuple(MarkedSpan.from_json(span) for span in data["spans"]),
            parent=tuple(MarkedSpan.from_json(span) for span in data.get("parent", ())),
            facts=tuple(Fact.from_json(fact) for fact in data.get("facts", ())),
            not_checked=NotChecked(data["not_checked"]) if data["not_checked"] else None,
            language=data["language"],
            hazards=tuple(data["hazards"]),
            models=data["models"],
        )

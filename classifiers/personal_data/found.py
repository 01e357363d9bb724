"""What a recogniser hands back, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

VALIDATED = 0.98
"""Score of a value whose checksum or number plan holds, or whose shape leaves no doubt."""
CONTEXT = 0.9
"""Score of a shape that only the words around it make personal data."""


@dataclass(frozen=True, slots=True)
class Found:
    """`text[start:end]` is personal data of this type of `classifiers.labels.PERSONAL_DATA`; `score` in 0..1."""

    type: str
    start: int
    end: int
    score: float
    source: str
    """The pattern's name, or `model`."""

    @property
    def length(self) -> int:
        return self.end - self.start

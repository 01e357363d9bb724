"""A post without its personal data, as it would be published, the places marked where something was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from classifiers.findings import MarkedSpan, Part
from classifiers.labels import Area
from service.policy.redact import redact_with_places
from service.review.highlight import Mark, Segment, segments
from service.review.rendered import Tag, readable
from service.store.models import Revision


@dataclass(frozen=True)
class Redaction:
    """What would be published: texts for a preview, and the same to be read beside the original."""

    title_text: str
    """Empty where the title stays as it is."""
    body_text: str
    title: list[Segment]
    body: list[Segment | Tag]


def redaction(document: dict[str, Any], revision: Revision) -> Redaction | None:
    """None where a verdict's document leaves nothing out."""
    title, body = document.get("redacted_title"), document["redacted"]
    if title is None and body is None:
        return None
    spans = [MarkedSpan.from_json(span) for span in document["spans"] if span["area"] == Area.PERSONAL_DATA]
    return Redaction(
        title_text=title or "",
        body_text=body or revision.body,
        title=segments(title or revision.title, "plain", _left_out(revision.title, title, spans, Part.TITLE)),
        body=readable(body or revision.body, revision.format, _left_out(revision.body, body, spans, Part.BODY)),
    )


def _left_out(text: str, redacted: str | None, spans: list[MarkedSpan], part: Part) -> list[Mark]:
    """Marks of the places in `redacted`; none where it can't be told how it came from `text`."""
    made, places = redact_with_places(text, [span for span in spans if span.part is part])
    if made != redacted:
        return []
    return [Mark(f"r{number}", start, end, "left_out", "", part=part) for number, (start, end) in enumerate(places)]

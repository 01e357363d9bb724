"""Google's Perspective API, which ends on 31 December 2026: `comments:analyze`, with our labels as its attributes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field

from classifiers.findings import NotChecked
from classifiers.labels import Area
from service import readings
from service.errors import Invalid, RequestError
from service.intake import signature
from service.intake.submission import FIELD, parse
from service.problems import SHAPES
from service.readings import EVERYTHING, Reading

blueprint = Blueprint("perspective", __name__, url_prefix="/v1alpha1")

ATTRIBUTES: dict[str, tuple[Area, str]] = {f"{area}_{name}".upper(): (area, name) for area, name in EVERYTHING}
"""`SELF_HARM_CRISIS` and so on; none of Perspective's own, for Heed judges none of them."""
FORMATS = {"HTML": "html"}
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""Google's name for an HTTP status."""
DETAIL = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
KNOWN = f"Heed judges none of Perspective's own. It has {', '.join(ATTRIBUTES)}."


class Comment(BaseModel):
    text: str = ""
    type: Literal["PLAIN_TEXT", "HTML", "TEXT_TYPE_UNSPECIFIED"] | None = None


class CommentDiscussion(BaseModel):
    parentComment: Comment | None = None  # noqa: N815 - Google's name


class CommentContext(BaseModel):
    """What the comment answers: read with it, and not judged."""

    entries: list[Comment] | None = None
    articleAndParentComment: CommentDiscussion | None = None  # noqa: N815


class AttributeParameters(BaseModel):
    scoreType: Literal["PROBABILITY", "SCORE_TYPE_UNSPECIFIED"] | None = None  # noqa: N815
    scoreThreshold: Annotated[float, Field(ge=0, le=1)] | None = None  # noqa: N815


class CommentRequest(BaseModel):
    """Perspective's request. `doNotStore` is always so; `sessionId` and `communityId` change nothing."""

    comment: Comment
    context: CommentContext | None = None
    requestedAttributes: dict[str, AttributeParameters | None] = Field(min_length=1)  # noqa: N815
    spanAnnotations: bool | None = None  # noqa: N815
    languages: list[str] | None = None
    clientToken: Annotated[str, Field(max_length=1000)] | None = None  # noqa: N815
    dropUnsupportedAttributes: bool | None = Field(  # noqa: N815
        None, description="Leave out of the answer what can't be judged, rather than refuse the request."
    )


class Unjudged(Invalid):
    """With Perspective's own word for what is wrong, where it has one."""

    def __init__(self, detail: str, kind: str, **more: Any) -> None:
        super().__init__(detail)
        self.details = [{"@type": DETAIL, "errorType": kind, **more}]


@blueprint.post("/comments:analyze")
def analyze() -> Response:
    """Scores of one comment for the attributes asked for."""
    forum = signature.by_api_key_or_query(request)
    asked = parse(CommentRequest, request.get_data())
    wanted = _wanted(asked)
    if not asked.comment.text.strip():
        raise _empty()
    format = FORMATS.get(asked.comment.type or "", "plain")  # noqa: A001
    text = readings.text(asked.comment.text, field="comment.text", parent=_parent(asked.context), format=format)
    [reading] = readings.read(forum, [text])
    if reading.findings.not_checked is NotChecked.EMPTY and not reading.findings.spans:
        raise _empty()
    if reading.findings.not_checked is NotChecked.LANGUAGE:
        wanted = _without_language(asked, wanted)
    scores = {name: _scores(reading, name, least, bool(asked.spanAnnotations)) for name, least in wanted.items()}
    found = ["en"] if reading.findings.checked else []
    return jsonify(
        attributeScores={name: each for name, each in scores.items() if each["summaryScore"]["value"] >= wanted[name]},
        languages=asked.languages or found,
        detectedLanguages=found,
        **({"clientToken": asked.clientToken} if asked.clientToken else {}),
    )


def _wanted(asked: CommentRequest) -> dict[str, float]:
    """The attributes asked for, each with the lowest score that is wanted of it. Raises Invalid where we lack one, and
    where they are asked of another language.
    """
    unknown = [name for name in asked.requestedAttributes if name not in ATTRIBUTES]
    if unknown and not asked.dropUnsupportedAttributes:
        named = unknown[0] if FIELD.fullmatch(unknown[0]) else "of that name"
        raise Invalid(f"Attribute {named} does not exist here. {KNOWN}", field="requestedAttributes")
    wanted = {
        name: (each and each.scoreThreshold) or 0.0
        for name, each in asked.requestedAttributes.items()
        if name in ATTRIBUTES
    }
    if any(language.partition("-")[0].lower() != "en" for language in asked.languages or ()):
        return _without_language(asked, wanted)
    return wanted


def _without_language(asked: CommentRequest, wanted: dict[str, float]) -> dict[str, float]:
    """None of them: no attribute is for the comment's language. Raises Unjudged, unless the request says to leave them out."""
    if asked.dropUnsupportedAttributes or not wanted:
        return {}
    name = next(iter(wanted))
    raise Unjudged(
        f"Attribute {name} does not support the comment's language. Heed's models read English alone.",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={"attribute": name, "requestedLanguages": asked.languages or []},
    )


def _empty() -> Unjudged:
    return Unjudged("Comment must be non-empty.", "COMMENT_EMPTY")


def _parent(context: CommentContext | None) -> str:
    if context is None:
        return ""
    answered = context.articleAndParentComment and context.articleAndParentComment.parentComment
    return "\n\n".join(entry.text for entry in [*(context.entries or ()), *([answered] if answered else [])])


def _scores(reading: Reading, name: str, least: float, in_spans: bool) -> dict[str, Any]:
    """The summary, and the stretches it comes from; as one over the whole comment where none are asked for."""
    area, label = ATTRIBUTES[name]
    score = reading.scores[area, label]
    spans = _spans(reading, area, label) if in_spans else [(0, len(reading.text), score)]
    return {
        "spanScores": [_span(reading.text, *span) for span in spans if span[2] >= least],
        "summaryScore": _score(score),
    }


def _spans(reading: Reading, area: Area, label: str) -> list[tuple[int, int, float]]:
    found = [
        (each.start, each.end, each.score) for each in reading.findings.spans if (each.area, each.type) == (area, label)
    ]
    labels = (each for each in reading.findings.labels if (each.area, each.label) == (area, label) and each.evidence)
    return found + [(each.evidence.start, each.evidence.end, each.score) for each in labels]


def _span(text: str, start: int, end: int, score: float) -> dict[str, Any]:
    """Google counts in UTF-16 code units."""
    begin, stop = (len(text[:place].encode("utf-16-le")) // 2 for place in (start, end))
    return {"begin": begin, "end": stop, "score": _score(score)}


def _score(value: float) -> dict[str, Any]:
    return {"value": round(value, 4), "type": "PROBABILITY"}


def _error(error: RequestError) -> tuple[dict[str, object], int]:
    status = 400 if isinstance(error, Invalid) else error.status
    said = {"code": status, "message": error.detail, "status": STATUSES.get(status, "INTERNAL")}
    return {"error": said | ({"details": error.details} if isinstance(error, Unjudged) else {})}, status


SHAPES[blueprint.name] = _error

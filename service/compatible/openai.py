"""OpenAI's moderation endpoint. Its own clients can be pointed here: `base_url="http://…/v1"`, the forum's API key as theirs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field

from classifiers.labels import Area
from service import readings
from service.errors import Invalid, RequestError
from service.intake import signature
from service.intake.submission import parse
from service.problems import SHAPES
from service.readings import EVERYTHING, MOST, Reading
from service.store.models import new_id

blueprint = Blueprint("openai", __name__, url_prefix="/v1")

JUDGED: dict[str, tuple[str, ...]] = {
    "self-harm": ("crisis", "ideation", "self_injury", "disordered_eating", "encouragement"),
    "self-harm/intent": ("crisis", "self_injury", "disordered_eating"),
    "self-harm/instructions": ("encouragement",),
}
"""OpenAI's categories that Heed judges, and our self-harm labels that each is made of (docs/integrations.md says why)."""
NOT_JUDGED = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""Categories that are in every answer, always false: its `heed.not_judged` says so."""
SHOWN = ("action", "severity", "checked", "not_checked", "reasons", "spans", "policy_version", "models")
"""Of our verdict, what each result's `heed` holds."""
PARTED = "\n\n"
"""Between the text parts of one input, which are read as one text."""
WRONG_INPUT = (
    f"`input` is a string, a list of up to {MOST} strings, or a list of parts "
    '`{"type": "text", "text": …}` and `{"type": "image_url", "image_url": {"url": …}}`.'
)
NO_TEXT = "`input` holds no text. Heed reads text; images it does not judge."
CODES = {401: "invalid_api_key", 413: "request_too_large", 429: "rate_limit_exceeded", 503: "service_unavailable"}


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class ImagePart(BaseModel):
    """Taken, and not judged."""

    type: Literal["image_url"]


class ModerationRequest(BaseModel):
    """OpenAI's request. `model` and whatever else it holds change nothing: Heed's own models read."""

    input: (
        str
        | Annotated[list[str], Field(min_length=1, max_length=MOST)]
        | Annotated[list[TextPart | ImagePart], Field(min_length=1, max_length=MOST)]
    )


@blueprint.post("/moderations")
def moderate() -> Response:
    """Judge a text, several, or one of several parts: a result for each, in their order."""
    forum = signature.by_api_key(request)
    texts, has_image = _texts(_parsed(request.get_data()))
    found = readings.read(forum, [readings.text(each, field="input") for each in texts])
    results = [_result(each, has_image) for each in found]
    return jsonify(id=new_id("modr").replace("_", "-"), model=f"heed-{version('heed')}", results=results)


def _parsed(raw: bytes) -> ModerationRequest:
    try:
        return parse(ModerationRequest, raw)
    except Invalid as error:
        raise Invalid(WRONG_INPUT, field="input") if error.field.startswith("input") else error from None


def _texts(asked: ModerationRequest) -> tuple[list[str], bool]:
    """The texts to read, and whether an image is among the parts."""
    if isinstance(asked.input, str):
        return [asked.input], False
    texts = [part if isinstance(part, str) else part.text for part in asked.input if not isinstance(part, ImagePart)]
    if not texts:
        raise Invalid(NO_TEXT, field="input")
    in_parts = not isinstance(asked.input[0], str)
    return [PARTED.join(texts)] if in_parts else texts, len(texts) < len(asked.input)


def _result(reading: Reading, has_image: bool) -> dict[str, Any]:
    scores, flagged = reading.scores, reading.flagged
    found = {f"{area}/{name}": (scores[area, name], (area, name) in flagged) for area, name in EVERYTHING}
    for category, labels in JUDGED.items():
        made_of = [(Area.SELF_HARM, label) for label in labels]
        found[category] = (max(scores[each] for each in made_of), any(each in flagged for each in made_of))
    found |= dict.fromkeys(NOT_JUDGED, (0.0, False))
    read = ["text"] if reading.findings.checked else []
    return {
        "flagged": reading.verdict["action"] != "allow",
        "categories": {category: flag for category, (_, flag) in found.items()},
        "category_scores": {category: score for category, (score, _) in found.items()},
        "category_applied_input_types": {each: [] if each in NOT_JUDGED else read for each in found},
        "heed": {name: reading.verdict[name] for name in SHOWN}
        | {"not_judged": {"categories": NOT_JUDGED, "input_types": ["image"] if has_image else []}},
    }


def _error(error: RequestError) -> tuple[dict[str, object], int]:
    """As OpenAI says it, so that its clients raise what they raise for it: what is wrong in the body is 400."""
    status = 400 if isinstance(error, Invalid) else error.status
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    said = {"message": error.detail, "type": kind, "param": error.field or None, "code": CODES.get(status)}
    return {"error": said}, status


SHAPES[blueprint.name] = _error

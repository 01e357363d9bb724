"""The endpoints in other APIs' shapes, for the OpenAPI description. Their own documentation says the rest."""

from __future__ import annotations

from typing import Any

from service.compatible.openai import JUDGED, NOT_JUDGED, SHOWN, ModerationRequest
from service.compatible.perspective import CommentRequest
from service.compatible.presidio import SUPPORTED, AnalyzeRequest
from service.readings import EVERYTHING

MODELS = (ModerationRequest, AnalyzeRequest, CommentRequest)
"""Requests, checked as described."""
REF = "#/components/schemas/"
KEY = [{"apiKey": []}]
SECURITY = {
    "apiKeyInQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The forum's API key as Google's APIs take it. Prefer the header: addresses end up in logs.",
    }
}
REFUSED = {
    "400": "Not in the API's shape, or what Heed can't judge: the message says which",
    "401": "No key, or a wrong one",
    "413": "Larger than `HEED_MAX_BODY_BYTES`",
    "429": "Too many texts; `Retry-After` says how long to wait",
    "503": "Not read within `HEED_WAIT_SECONDS_MAX`, or queue or database down; nothing is kept; `Retry-After`",
}
STRING, NUMBER, BOOLEAN = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
SCORE = {"type": "number", "minimum": 0, "maximum": 1}
PLACE = {"type": "integer", "minimum": 0}


def paths() -> dict[str, Any]:
    """An operation for each endpoint."""
    language = {"name": "language", "in": "query", "schema": STRING, "description": "`en`; there is no other."}
    supported = _operation(
        "What `/analyze` finds, by Presidio's names", KEY, None, "SupportedEntities", "PresidioError"
    )
    supported["responses"] = {code: supported["responses"][code] for code in ("200", "400", "401", "503")}
    return {
        "/v1/moderations": {
            "post": _operation("Judge texts, in OpenAI's shape", KEY, "ModerationRequest", "Moderations", "OpenaiError")
        },
        "/analyze": {
            "post": _operation(
                "Find personal data, in the shape of Presidio's analyzer",
                KEY,
                "AnalyzeRequest",
                "Entities",
                "PresidioError",
            )
        },
        "/supportedentities": {"get": supported | {"parameters": [language]}},
        "/v1alpha1/comments:analyze": {
            "post": _operation(
                "Judge a comment, in the shape of Google's Perspective API",
                [*KEY, {"apiKeyInQuery": []}],
                "CommentRequest",
                "CommentScores",
                "GoogleError",
            )
        },
    }


def schemas() -> dict[str, Any]:
    """Answers and errors by name; the requests' are made of MODELS."""
    entity = _object(
        entity_type={"$ref": f"{REF}EntityType"},
        start=PLACE,
        end=PLACE,
        score=SCORE,
        analysis_explanation={"type": ["object", "null"]},
        recognition_metadata=_object(recognizer_name=STRING, recognizer_identifier=STRING),
    )
    score = _object(value=SCORE, type={"const": "PROBABILITY"})
    of_comment = _object(spanScores=_list(_object(begin=PLACE, end=PLACE, score=score)), summaryScore=score)
    return {
        "Category": {"enum": [*JUDGED, *NOT_JUDGED, *(f"{area}/{name}" for area, name in EVERYTHING)]},
        "Moderations": _object(id=STRING, model=STRING, results=_list(_moderation())),
        "Entities": {"anyOf": [_list(entity), _list(_list(entity))]},
        "SupportedEntities": _list({"$ref": f"{REF}EntityType"}),
        "EntityType": {"enum": SUPPORTED},
        "CommentScores": _object(
            attributeScores={"type": "object", "additionalProperties": of_comment},
            languages=_list(STRING),
            detectedLanguages=_list(STRING),
        ),
        "OpenaiError": _object(
            error=_object(
                message=STRING, type=STRING, param={"type": ["string", "null"]}, code={"type": ["string", "null"]}
            )
        ),
        "PresidioError": _object(error=STRING),
        "GoogleError": _object(error=_object(code={"type": "integer"}, message=STRING, status=STRING)),
    }


def _moderation() -> dict[str, Any]:
    return _object(
        flagged=BOOLEAN | {"description": "The policy's action is another than `allow`"},
        categories=_by_category(BOOLEAN),
        category_scores=_by_category(SCORE),
        category_applied_input_types=_by_category(_list({"enum": ["text"]})),
        heed=_object(
            **{name: {"$ref": f"{REF}Verdict/properties/{name}"} for name in SHOWN},
            not_judged=_object(categories=_list({"$ref": f"{REF}Category"}), input_types=_list({"enum": ["image"]})),
        ),
    )


def _by_category(each: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"$ref": f"{REF}Category"}, "additionalProperties": each}


def _operation(
    summary: str, security: list[dict[str, list[str]]], body: str | None, answer: str, error: str
) -> dict[str, Any]:
    responses = {"200": _response("Read, and forgotten", answer)}
    responses |= {code: _response(said, error) for code, said in REFUSED.items()}
    operation: dict[str, Any] = {"summary": summary, "security": security, "responses": responses}
    if body:
        operation["requestBody"] = {"required": True, "content": _json(body)}
    return operation


def _response(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF + schema}}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}

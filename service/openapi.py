"""The API's own description, OpenAPI 3.1, built from the models that check requests. `docs/openapi.json` is this."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic.json_schema import models_json_schema

from classifiers.labels import MEDICAL, POST_LABELS, SELF_HARM, SPAN_TYPES
from service.compatible import described
from service.compatible.coral import ANSWERS as CORAL_ANSWERS
from service.compatible.coral import FLAG, CoralRequest
from service.intake.submission import AppealSubmission, Batch, Event, Submission

blueprint = Blueprint("openapi", __name__)

REF = "#/components/schemas/"
BOTH = [{"apiKey": []}, {"standardWebhooks": []}]
KEY = [{"apiKey": []}]


@blueprint.get("/openapi.json")
def show() -> Response:
    return jsonify(describe())


def describe() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heed",
            "version": version("heed"),
            "description": "Moderation for health forums on the forum's own machine.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "webhooks": {
            "verdict": {"post": _operation("A verdict, sent to the forum's callback", [], "Callback", CALLBACK)},
            "care": {"post": _operation("Help for an author, for the forum to send", [], "CareCallback", CALLBACK)},
        },
        "components": {"schemas": _schemas(), "securitySchemes": SECURITY | described.SECURITY},
    }


SECURITY = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key that `heed forum add` or `heed forum rotate` prints.",
    },
    "standardWebhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks over the raw body (webhook-id, webhook-timestamp, webhook-signature); "
        "`X-Heed-Forum` names the forum. While a secret is changed, a signature by either holds.",
    },
    "discourse": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Discourse-Event-Signature",
        "description": "HMAC-SHA256 of the raw body with the forum's Discourse secret.",
    },
    "coral": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Coral-Signature",
        "description": "HMAC-SHA256 of the raw body with the signing secret of the forum's Coral, or with each of several.",
    },
}
ACCEPTED = {"202": ("Stored; the verdict will stand at `verdict_url`", "Standing")}
WAITED = {"200": ("Read within `?wait=`; the verdict is in the answer", "Standing")}
BATCHED = {
    "202": ("All stored", "BatchResult"),
    "207": ("Some refused: their results hold a `problem`", "BatchResult"),
}
STANDING = {"200": ("Where the post stands", "Standing")}
APPEALED = {"202": ("Taken in: a moderator who did not decide before looks at it", "Appeal")}
ERASED = {
    "200": ("All is erased", "Erasure"),
    "202": ("Some is left, which goes on by itself: ask for the receipt", "Erasure"),
}
RECEIPT = {"200": ("The receipt as it stands now", "Erasure")}
STATED = {"200": ("Why, in the author's language and in the DSA's terms", "Statement")}
WITHDRAWN = {"200": ("Where the appeal stands now", "Appeal")}
DISCOURSE = {"200": ("A ping", "DiscourseResult"), "202": ("Taken in, or ignored with a reason", "DiscourseResult")}
CORAL = {"200": ("What Coral is to do", "CoralAnswer"), "204": ("Nothing to say: Coral goes on", None)}
CALLBACK = {"200": ("Any 2xx: received. 410 switches callbacks off.", None)}
HEALTH = {"200": ("Well", "Health")}
UNKNOWN = "This forum sent no such post"
REFUSED = {
    "401": "No key or signature, a wrong or a stale one",
    "409": "Another text under the same revision",
    "413": "Larger than `HEED_MAX_BODY_BYTES`",
    "422": "Not JSON, or a field that `field` names",
    "429": "Too many posts; `Retry-After` says how long to wait",
    "503": "Queue or database down; nothing was stored; `Retry-After`",
}


def _paths() -> dict[str, Any]:
    post_id = _parameter("post_id", "path", {"type": "string"}, "Heed's id of the post, or the forum's own.")
    slug = _parameter("forum", "path", {"type": "string"}, "The forum's slug.")
    wait = _parameter("wait", "query", {"type": "number", "minimum": 0}, "Seconds to wait for the verdict.")
    erase = _parameter("erase", "query", {"type": "boolean"}, "Erase every word of it.")
    show = _operation("Where a post stands", KEY, None, STANDING, ("401", "503"))
    show["responses"]["404"] = _problem(UNKNOWN)
    appeal_id = _parameter("appeal_id", "path", {"type": "string"}, "Heed's id of the appeal, or the forum's own.")
    appeal = _operation("An author appeals", BOTH, "AppealSubmission", APPEALED, ("401", "413", "422", "429", "503"))
    appeal["responses"] |= {
        "404": _problem(UNKNOWN),
        "409": _problem("Nothing to appeal, or not any more: see `detail`"),
    }
    take_back = _operation("The author no longer appeals", KEY, None, WITHDRAWN, ("401", "503"))
    take_back["responses"]["404"] = _problem("No such post or appeal")
    language = _parameter(
        "language", "query", STRING, "ISO 639 code of the author's language; English where there is none in it."
    )
    state = _operation("Why something was taken from an author", KEY, None, STATED, ("401", "503"), [language])
    state["responses"] |= {
        "404": _problem(UNKNOWN),
        "409": _problem("Nothing was taken, or the author is in distress: see `detail`"),
    }
    author = _parameter("author", "path", {"type": "string"}, "The forum's own reference to the author.")
    erasure_id = _parameter("erasure_id", "path", {"type": "string"}, "The receipt's id.")
    receipt = _operation("The receipt of an erasure", KEY, None, RECEIPT, ("401", "503"))
    receipt["responses"]["404"] = _problem("This forum asked for no such erasure")
    remove = _operation("A post was deleted", KEY, None, STANDING, ("401", "422", "503"), [erase])
    remove["responses"]["404"] = _problem("An id that no post can have, such as one with a line break")
    return {
        "/v1/posts": {"post": _operation("Submit a post", BOTH, "Submission", WAITED | ACCEPTED, REFUSED, [wait])},
        "/v1/posts/batch": {"post": _operation("Submit up to 100 posts", BOTH, "Batch", BATCHED, REFUSED)},
        "/v1/events": {"post": _operation("A post was deleted, recovered or erased", BOTH, "Event", ACCEPTED, REFUSED)},
        "/v1/posts/{post_id}": {
            "parameters": [post_id],
            "get": show,
            "delete": remove,
        },
        "/v1/posts/{post_id}/appeals": {"parameters": [post_id], "post": appeal},
        "/v1/posts/{post_id}/appeals/{appeal_id}": {"parameters": [post_id, appeal_id], "delete": take_back},
        "/v1/posts/{post_id}/statement": {"parameters": [post_id], "get": state},
        "/v1/authors/{author}": {
            "parameters": [author],
            "delete": _operation("Erase everything by an author", KEY, None, ERASED, ("401", "422", "503")),
        },
        "/v1/erasures/{erasure_id}": {"parameters": [erasure_id], "get": receipt},
        "/v1/forums/{forum}/discourse": {
            "parameters": [slug],
            "post": _operation("Discourse's webhook", [{"discourse": []}], "Discourse", DISCOURSE, REFUSED),
        },
        "/v1/forums/{forum}/coral": {
            "parameters": [slug],
            "post": _operation(
                "Coral's external moderation phase",
                [{"coral": []}],
                "CoralRequest",
                CORAL,
                ("401", "413", "422", "503"),
                [wait],
            ),
        },
        **described.paths(),
        "/healthz": {"get": _operation("The process lives", [], None, HEALTH)},
        "/readyz": {"get": _operation("It can do its work", [], None, HEALTH | {"503": ("A part is down", "Health")})},
        "/metrics": {"get": _operation("Prometheus metrics", [], None, {"200": ("Prometheus text format", None)})},
        "/openapi.json": {"get": _operation("This description", [], None, {"200": ("OpenAPI 3.1", None)})},
    }


def _operation(
    summary: str,
    security: list[dict[str, list[str]]],
    body: str | None,
    answers: dict[str, tuple[str, str | None]],
    refused: Any = (),
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    responses: dict[str, Any] = {code: _response(*answer) for code, answer in answers.items()}
    responses |= {code: _problem(REFUSED[code]) for code in refused}
    operation: dict[str, Any] = {"summary": summary, "security": security, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body:
        content = {"application/json": {"schema": {"$ref": REF + body}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _response(description: str, schema: str | None) -> dict[str, Any]:
    if schema is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": {"$ref": REF + schema}}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"application/problem+json": {"schema": {"$ref": REF + "Problem"}}}
    return {"description": description, "content": schema}


def _parameter(name: str, place: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema, "description": description, **required}


def _schemas() -> dict[str, Any]:
    _, checked = models_json_schema(
        [
            (model, "validation")
            for model in (Submission, Batch, Event, AppealSubmission, CoralRequest, *described.MODELS)
        ],
        ref_template=REF + "{model}",
    )
    return checked["$defs"] | ANSWERS | described.schemas()


def _object(optional: dict[str, Any] | None = None, /, **properties: dict[str, Any]) -> dict[str, Any]:
    """An object that always has its `properties`, and sometimes its `optional` ones."""
    return {"type": "object", "properties": properties | (optional or {}), "required": list(properties)}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": REF + name}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
SCORE = {"type": "number", "minimum": 0, "maximum": 1}
OFFSET = {"type": "integer", "minimum": 0, "description": "Unicode code points of the submitted body"}
OFFSET_OR_NONE = OFFSET | {"type": ["integer", "null"]}
AREA = {"enum": list(dict.fromkeys([*(str(area) for area, _ in POST_LABELS), *map(str, SPAN_TYPES)]))}
LABEL = {"enum": list(dict.fromkeys(name for _, name in POST_LABELS))}
SPAN_TYPE = {
    "enum": list(dict.fromkeys(name for types in (*SPAN_TYPES.values(), MEDICAL, SELF_HARM) for name in types))
}
IN_TITLE = {"in": {"enum": ["title"], "description": "There where `start` and `end` are code points of the title"}}
SHOWN = {
    "body": {"type": "string", "description": "What the forum is to show from now on: a text redacted, or as it was"},
    "title": {"type": "string", "description": "There where the title changes too"},
}
ACTION = {"enum": ["allow", "flag", "hold", "escalate", "remove", "redact"]}
SEVERITY = {"enum": ["none", "medium", "high", "critical"]}
VERDICT_FIELDS: dict[str, dict[str, Any]] = {
    "action": ACTION,
    "severity": SEVERITY,
    "checked": BOOLEAN,
    "not_checked": {"enum": ["empty", "language", "failed", None]},
    "labels": _list("Label"),
    "spans": _list("Span"),
    "reasons": _list("Reason"),
    "crisis_resources": _list("CrisisResource"),
    "removed_for": {"type": "string", "description": "What a moderator removed the post for: `area.label`, or empty"},
    "message": {"type": "string", "description": "What the author is to be told of a moderator's decision, or empty"},
    "policy_version": STRING,
    "models": {"type": "object", "additionalProperties": STRING},
}
DOSE = _object(
    amount={"type": "number"},
    unit={"enum": ["mg", "mcg", "g", "units"]},
    per={"enum": ["dose", "day", "week"]},
)
APPEAL_STATE = {"enum": ["open", "upheld", "granted", "withdrawn"], "description": "`upheld`: the decision stands"}
MOMENT = {"type": "string", "format": "date-time"}
MOMENT_OR_NONE = MOMENT | {"type": ["string", "null"]}
POST_FIELDS = {"forum": STRING, "post_id": STRING, "external_id": STRING, "revision": INTEGER}
ANSWERS: dict[str, Any] = {
    "Label": _object(
        area=AREA,
        label=LABEL,
        score=SCORE,
        flagged=BOOLEAN,
        severity=SEVERITY,
        evidence={"type": ["array", "null"], "items": OFFSET, "description": "[start, end] of the weightiest sentence"},
    ),
    "Span": _object(IN_TITLE, area=AREA, type=SPAN_TYPE, start=OFFSET, end=OFFSET, score=SCORE, source=STRING),
    "Fact": _object(
        {
            "said": DOSE | {"description": "Of a dose: what the post tells, its tablets and times multiplied"},
            "maximum": _object(**DOSE["properties"], route=STRING, who=STRING),
            "why": {"type": "string", "description": "Of a sudden stop: what it may bring"},
        },
        kind={"enum": ["dose", "sudden_stop"]},
        medicine={"type": "string", "description": "Its international name"},
        start=OFFSET,
        end=OFFSET,
        source=_object(title=STRING, url=STRING, date=STRING),
    ),
    "Reason": _object(
        IN_TITLE | {"facts": _list("Fact") | {"description": "What is published about the medicines it names"}},
        area=AREA,
        label=STRING,
        severity=SEVERITY,
        score=SCORE,
        why={"type": "string", "description": "The policy's sentence"},
        start=OFFSET_OR_NONE,
        end=OFFSET_OR_NONE,
    ),
    "CrisisResource": _object(name=STRING, contact=STRING, url=STRING),
    "Verdict": _object(
        id=STRING,
        **VERDICT_FIELDS,
        language=STRING,
        redacted={"type": ["string", "null"], "description": "The body with personal data replaced by its type"},
        redacted_title={"type": ["string", "null"], "description": "The title, likewise"},
        decided_by={"enum": ["models", "moderator"]},
        decided_at={"type": "string", "format": "date-time"},
    ),
    "Standing": _object(
        id=STRING,
        external_id=STRING,
        revision={"type": "integer", "description": "The newest revision known"},
        status={"enum": ["pending", "done", "deleted"]},
        verdict={"anyOf": [_ref("Verdict"), {"type": "null"}]},
        appeal={"anyOf": [_ref("Appeal"), {"type": "null"}], "description": "The newest appeal of the post"},
        erasure={"anyOf": [_ref("Erasure"), {"type": "null"}], "description": "The receipt, where the post is erased"},
    ),
    "Appeal": _object(id=STRING, external_id=STRING, state=APPEAL_STATE, created_at=MOMENT, settled_at=MOMENT_OR_NONE),
    "Statement": _object(
        post_id=STRING,
        external_id=STRING,
        verdict_id=STRING,
        action={"enum": ["hold", "remove", "redact"]},
        language=STRING,
        reasons={"type": "array", "items": _object(label=STRING, text=STRING), "description": "The worst first"},
        to_fix={"type": "array", "items": STRING, "description": "What the author can change for the post to be shown"},
        appeal={"type": "string", "description": "Where an appeal of it is sent"},
        dsa={
            "type": "object",
            "description": "The same as the DSA Transparency Database takes it in (`StatementStoreRequest`)",
        },
    ),
    "Erasure": _object(
        id=STRING,
        of={"enum": ["post", "author"]},
        post_id={"type": ["string", "null"], "description": "Heed's id of the post; null for an author"},
        state={"enum": ["under_way", "done"], "description": "`done`: nothing is left in SQLite's files either"},
        posts=INTEGER,
        erased={
            "type": "object",
            "additionalProperties": INTEGER,
            "description": "Rows erased by table; `quotes` and `notes` of other posts that lost their words",
        },
        requested_at=MOMENT,
        finished_at=MOMENT_OR_NONE,
    ),
    "BatchResult": _object(
        results={"type": "array", "items": {"anyOf": [_ref("Standing"), _object(problem=_ref("Problem"))]}}
    ),
    "Discourse": {"type": "object", "description": 'Discourse\'s own payload, `{"post": {…}}`'},
    "DiscourseResult": {
        "type": "object",
        "properties": {"status": {"enum": ["ok", "accepted", "deleted", "ignored"]}, "reason": STRING},
        "required": ["status"],
    },
    "CoralAnswer": {
        "type": "object",
        "properties": {
            "actions": {"type": "array", "items": {"const": FLAG}},
            "status": {
                "enum": [answer["status"] for answer in CORAL_ANSWERS.values() if answer and "status" in answer]
            },
        },
    },
    "Health": {"type": "object", "properties": {"status": STRING, "database": STRING, "queue": STRING}},
    "Problem": {
        "type": "object",
        "description": "RFC 9457; `detail` says what to do next, `field` which member of the body to mend",
        "properties": {"type": STRING, "title": STRING, "status": INTEGER, "detail": STRING, "field": STRING},
        "required": ["type", "title", "status", "detail"],
    },
    "Callback": _object(
        type={"enum": ["post.verdict", "post.decision"]},
        timestamp={"type": "string", "format": "date-time"},
        data=_object(
            SHOWN | {"appeal": _object(id=STRING, external_id=STRING, outcome=APPEAL_STATE)},
            **POST_FIELDS,
            verdict_id=STRING,
            decided_by={"enum": ["models", "moderator"]},
            **VERDICT_FIELDS,
        ),
    ),
    "CareCallback": _object(
        type={"const": "post.care"},
        timestamp=MOMENT,
        data=_object(
            **POST_FIELDS,
            message={"type": "string", "description": "To be sent to the author"},
            crisis_resources=_list("CrisisResource"),
        ),
    ),
}

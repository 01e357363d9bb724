"""Microsoft Presidio's analyzer: personal data in a text, by Presidio's names where what they mean is what we find."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from classifiers.findings import MarkedSpan
from classifiers.labels import Area
from service import readings
from service.errors import Invalid, RequestError
from service.intake import signature
from service.intake.submission import parse
from service.policy.policy import why
from service.problems import SHAPES
from service.readings import MOST, Reading

blueprint = Blueprint("presidio", __name__)

ENTITIES = {
    "person": "PERSON",
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "address": "LOCATION",
    "date_of_birth": "DATE_TIME",
    "ip_address": "IP_ADDRESS",
    **{name: name.upper() for name in ("government_id", "medical_id", "payment", "online_account", "credential")},
}
"""Presidio's name for each of our types; our own in capitals where it has none that means the same."""
BY_PATTERN = {
    "card": "CREDIT_CARD",
    "card_context": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "iban_context": "IBAN_CODE",
    "us_ssn": "US_SSN",
    "us_ssn_loose": "US_SSN",
    "gb_nhs": "UK_NHS",
    "gb_nino": "UK_NINO",
    "in_aadhaar": "IN_AADHAAR",
    "in_pan": "IN_PAN",
    "au_tfn": "AU_TFN",
    "au_medicare": "AU_MEDICARE",
    "es_dni": "ES_NIF",
    "es_nie": "ES_NIE",
    "it_codice_fiscale": "IT_FISCAL_CODE",
    "fi_hetu": "FI_PERSONAL_IDENTITY_CODE",
    "pl_pesel": "PL_PESEL",
}
"""Presidio's name where the pattern that found it tells more than its type does."""
SUPPORTED = sorted({*ENTITIES.values(), *BY_PATTERN.values()})
ENGLISH = re.compile(r"en([-_]\w+)?", re.IGNORECASE)
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,49}", re.ASCII)
"""An entity's name that may be repeated in a header; what a client made up could be a piece of a post."""
NOT_OFFERED = "ad_hoc_recognizers: Heed takes no recognizers from a request. Leave it out, and look for these yourself."
NO_REGEX = "allow_list_match: Heed takes no patterns from a request. Send `exact`, and the values themselves."


class AnalyzeRequest(BaseModel):
    """Presidio's request. What it may hold beside these (`context`, `correlation_id`, `trace`) changes nothing."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    text: str | Annotated[list[str], Field(min_length=1, max_length=MOST)]
    language: str = Field(description="`en`; the models read no other.")
    entities: list[str] | None = Field(None, description="Those wanted; all where left out.")
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="The lowest score; where left out, the forum's policy says for each type."
    )
    return_decision_process: bool | None = None
    allow_list: list[str] | None = Field(None, description="Values that are no finding, letter by letter.")
    allow_list_match: Literal["exact", "regex"] | None = Field(None, description="`regex` is refused.")
    ad_hoc_recognizers: list[Any] | None = Field(None, description="Refused where there are any.")


@blueprint.post("/analyze")
def analyze() -> Response:
    """Personal data in a text, as a list, or a list of lists for several. Headers say what could not be looked for."""
    forum = signature.by_api_key(request)
    asked = parse(AnalyzeRequest, request.get_data())
    _refuse_what_is_not_offered(asked)
    texts = [asked.text] if isinstance(asked.text, str) else asked.text
    found = readings.read(forum, [readings.text(each, field="text") for each in texts])
    answers = [[_entity(span, asked) for span in _wanted(each, asked)] for each in found]
    response = jsonify(answers[0] if isinstance(asked.text, str) else answers)
    unread = sorted({str(each.findings.not_checked) for each in found} - {"None", "empty"})
    _say(response, "X-Heed-Not-Checked", unread)
    unknown = sorted(set(asked.entities or ()) - set(SUPPORTED))
    _say(response, "X-Heed-Not-Judged", [name for name in unknown if NAME.fullmatch(name)][:MOST])
    return response


@blueprint.get("/supportedentities")
def supported_entities() -> Response:
    """The names that `/analyze` may answer with."""
    signature.by_api_key(request)
    _check_language(request.args.get("language", "en"))
    return jsonify(SUPPORTED)


def _refuse_what_is_not_offered(asked: AnalyzeRequest) -> None:
    _check_language(asked.language)
    if not asked.text:
        raise Invalid("text: is empty; send the text to analyze.", field="text")
    if asked.ad_hoc_recognizers:
        raise Invalid(NOT_OFFERED, field="ad_hoc_recognizers")
    if asked.allow_list_match == "regex":
        raise Invalid(NO_REGEX, field="allow_list_match")


def _check_language(language: str) -> None:
    if not ENGLISH.fullmatch(language):
        raise Invalid("language: Heed's models read English alone. Send `en`.", field="language")


def _wanted(reading: Reading, asked: AnalyzeRequest) -> list[MarkedSpan]:
    """The spans that the request asks for, in the order of the text."""
    private = [span for span in reading.findings.spans if span.area is Area.PERSONAL_DATA and span.type in ENTITIES]
    if asked.score_threshold is None:
        counts = {(each["type"], each["start"], each["end"]) for each in reading.verdict["spans"]}
        private = [span for span in private if (span.type, span.start, span.end) in counts]
    allowed = frozenset(asked.allow_list or ())
    return sorted(
        (
            span
            for span in private
            if span.score >= (asked.score_threshold or 0)
            and (not asked.entities or _name(span) in asked.entities)
            and reading.text[span.start : span.end] not in allowed
        ),
        key=lambda span: (span.start, -span.end),
    )


def _name(span: MarkedSpan) -> str:
    return BY_PATTERN.get(span.source, ENTITIES[span.type])


def _entity(span: MarkedSpan, asked: AnalyzeRequest) -> dict[str, Any]:
    by = {"recognizer_name": "Heed", "recognizer_identifier": f"Heed_{span.source}"}
    return {
        "entity_type": _name(span),
        "start": span.start,
        "end": span.end,
        "score": round(span.score, 4),
        "analysis_explanation": _explanation(span) if asked.return_decision_process else None,
        "recognition_metadata": by,
    }


def _explanation(span: MarkedSpan) -> dict[str, Any]:
    """Presidio's explanation as far as there is one of ours: who found it, and the policy's sentence."""
    score = round(span.score, 4)
    return {
        "recognizer": "Heed",
        "pattern_name": None if span.source == "model" else span.source,
        "pattern": None,
        "original_score": score,
        "score": score,
        "textual_explanation": why()[span.area][span.type],
        "score_context_improvement": 0,
        "supportive_context_word": "",
        "validation_result": None,
        "regex_flags": None,
    }


def _say(response: Response, header: str, names: list[str]) -> None:
    if names:
        response.headers[header] = ", ".join(names)


def _error(error: RequestError) -> tuple[dict[str, object], int]:
    return {"error": error.detail}, 400 if isinstance(error, Invalid) else error.status


SHAPES[blueprint.name] = _error

"""Coral's external moderation phase: a comment is judged while its author waits, and Coral's own moderators look at the rest.

Coral names no comment in its request, so there is nothing that a callback could be about: the text is read and forgotten.
Whatever is no answer in time, Coral publishes.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field

from classifiers.findings import Findings, NotChecked
from service import readings, waiting
from service.errors import Invalid, TooMany, Unavailable
from service.intake import signature
from service.intake.submission import parse
from service.policy.decide import decide
from service.policy.versions import policy_of
from service.store.models import Forum

blueprint = Blueprint("coral", __name__, url_prefix="/v1/forums")

SECONDS = "4"
"""How long a comment is waited for where the address says nothing."""
FLAG = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
"""Coral knows this and spam: there is no word of its own for "somebody has to look"."""
ANSWERS: dict[str, dict[str, Any] | None] = {
    "allow": None,
    "flag": {"actions": [FLAG]},
    "escalate": {"actions": [FLAG]},
    "hold": {"status": "SYSTEM_WITHHELD"},
    "remove": {"status": "REJECTED"},
}
"""By our action. Flagged comments stand in Coral's queue *reported*, withheld ones in *pending*."""


class CoralComment(BaseModel):
    body: str = Field("", description="In Coral's format HTML.")


class CoralRequest(BaseModel):
    """Coral's request. What else it holds (author, story, site, tenant) changes nothing."""

    comment: CoralComment


@blueprint.post("/<forum>/coral")
def moderate(forum: str) -> tuple[Response | str, int]:
    """204 where there is nothing to say, 200 with what Coral is to do."""
    sender = signature.by_coral(request, forum)
    asked = parse(CoralRequest, request.get_data())
    answer = ANSWERS[_action(sender, asked.comment.body, waiting.seconds(request.args.get("wait", SECONDS)))]
    return ("", 204) if answer is None else (jsonify(answer), 200)


def _action(forum: Forum, body: str, seconds: float) -> str:
    """What the forum's policy says of the comment; what can't be read now is dealt with as what can't be read at all."""
    try:
        text = readings.text(body, field="comment.body", format="html")
        [reading] = readings.read(forum, [text], seconds)
    except (Invalid, TooMany, Unavailable):
        return decide(Findings(not_checked=NotChecked.FAILED), policy_of(forum), text="")["action"]
    return reading.verdict["action"]

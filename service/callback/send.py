"""One attempt to deliver a callback, signed by Standard Webhooks."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from service.callback.exchange import Reply, Unanswered, exchange
from service.tracing import TRACEPARENT, carried

BODY_BYTES = 4096
"""What is read of an answer's body, so that the connection ends cleanly; none of it is kept."""
AGENT = "Heed-Callback/1"


@dataclass(frozen=True)
class Answer:
    """What came of an attempt: a status, or an error in words fit for an operator."""

    status: int | None = None
    error: str = ""
    retry_after: float | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(
    url: str, secrets: Sequence[str], message_id: str, payload: dict[str, Any], *, seconds: float, allow_private: bool
) -> Answer:
    """POST `payload` to `url`; never raises. `seconds` bounds the whole attempt, name look-up aside.

    It is signed by each of the `secrets`, so that a forum may go on to a new one when it likes; not at all where there are none.
    """
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    limits = {"seconds": seconds, "allow_private": allow_private, "most": BODY_BYTES}
    try:
        return answer_of(exchange("POST", url, _headers(secrets, message_id, body), body, **limits))
    except Unanswered as error:
        return Answer(error=str(error))


def _headers(secrets: Sequence[str], message_id: str, body: bytes) -> dict[str, str]:
    moment = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "connection": "close",
    }
    if here := carried():
        headers[TRACEPARENT] = here
    if secrets:
        signatures = (Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets)
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def answer_of(reply: Reply) -> Answer:
    """What a reply means for whoever sent; of its body nothing is kept."""
    if 200 <= reply.status < 300:
        return Answer(reply.status)
    said = "redirects, which are not followed" if 300 <= reply.status < 400 else f"answered {reply.status}"
    return Answer(reply.status, said, _retry_after(reply.headers.get("retry-after", "")))


def _retry_after(value: str) -> float | None:
    """Seconds asked for, given as a number or as an HTTP date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

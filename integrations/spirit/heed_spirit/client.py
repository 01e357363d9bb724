"""Heed's API, signed by Standard Webhooks."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from heed_spirit import conf

TIMEOUT_SECONDS = 20


class NotNow(Exception):
    """Heed is down, busy, or does not know us: nothing more can be sent before `seconds` have passed."""

    def __init__(self, why: str, seconds: float = 0) -> None:
        super().__init__(why)
        self.seconds = seconds


class Stumbled(NotNow):
    """Heed fails over this one document; it may take others."""


class Refused(Exception):
    """Heed will not have this document, however often it is sent."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Heed:
    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self.http = httpx.Client(base_url=conf.get("HEED_URL"), timeout=TIMEOUT_SECONDS, transport=transport)

    def send(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """The answer to a signed document. Raises NotNow or Refused."""
        body, moment, id_ = json.dumps(document), datetime.now(UTC), f"spirit_{uuid.uuid4().hex}"
        headers = {
            "content-type": "application/json",
            "x-heed-forum": conf.get("HEED_FORUM"),
            "webhook-id": id_,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(conf.get("HEED_WEBHOOK_SECRET")).sign(id_, moment, body),
        }
        answer = self._request("POST", path, content=body, headers=headers)
        if answer.status_code not in (200, 202):
            raise Refused(answer.status_code, answer.text)
        return answer.json()

    def ask(self, id_: str) -> dict[str, Any] | None:
        """What Heed knows of a post; None where it knows nothing. Raises NotNow."""
        headers = {"authorization": f"Bearer {conf.get('HEED_API_KEY')}"}
        answer = self._request("GET", f"/v1/posts/{id_}", headers=headers)
        return answer.json() if answer.status_code == 200 else None

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self.http.request(method, path, **more)
        except httpx.TransportError as error:
            raise NotNow(f"Heed does not answer ({type(error).__name__}).") from error
        # A wrong key or address is for people to mend; meanwhile the outbox keeps everything.
        if (
            answer.status_code in (401, 403, 429)
            or answer.status_code >= 500
            or (method == "POST" and answer.status_code == 404)
        ):
            wait = answer.headers.get("retry-after", "")
            error = Stumbled if answer.status_code == 500 else NotNow
            raise error(f"Heed answers {answer.status_code}: {answer.text}", float(wait) if wait.isdecimal() else 0)
        return answer

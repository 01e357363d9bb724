"""A forum's side of the API: posts go in signed by Standard Webhooks, verdicts are asked for with the API key."""

from __future__ import annotations

import http.client
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from standardwebhooks import Webhook

from service.errors import HeedError
from workers.demo.account import Account

SECONDS = 15
"""Time that Heed has to answer one request."""
SENT_BEFORE = 409
"""The status where a post is known with another text: an older version of the demo sent it."""


class DemoFailed(HeedError):
    """Heed did not take a post or does not answer; the message says how."""


@dataclass(frozen=True)
class Client:
    """Talks to Heed at an address of this machine."""

    host: str
    port: int
    account: Account

    def send(self, post: dict[str, str]) -> None:
        """Submit a post, once or again. Raises DemoFailed."""
        body = json.dumps(post, ensure_ascii=False)
        status, answer = self._request("POST", "/v1/posts", self._signature(body), body.encode())
        if status not in {200, 202, SENT_BEFORE}:
            raise DemoFailed(f"Heed answered {status} to post {post['id']}: {answer.get('detail', 'no reason given')}")

    def look(self, post_id: str) -> dict[str, Any]:
        """Where a post stands, by the forum's own id. Raises DemoFailed."""
        headers = {"authorization": f"Bearer {self.account.api_key}"}
        status, answer = self._request("GET", f"/v1/posts/{quote(post_id, safe='')}", headers)
        if status != 200:
            raise DemoFailed(f"Heed answered {status} when asked for post {post_id}.")
        return answer

    def _signature(self, body: str) -> dict[str, str]:
        moment, message_id = datetime.now(UTC), f"msg_{secrets.token_hex(12)}"
        return {
            "content-type": "application/json",
            "x-heed-forum": self.account.forum,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(self.account.webhook_secret).sign(message_id, moment, body),
        }

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DemoFailed(f"Heed does not answer ({type(error).__name__}). Its logs say why.") from None
        finally:
            connection.close()

"""What Heed tells the forum: verified before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from heed_client.answers import Callback
from heed_client.errors import Unverified


def verify_callback(secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes) -> Callback:
    """The callback, where one of its signatures is by one of the forum's callback secrets and it is five minutes old at most.

    `body` is the raw bytes of the request. Raises Unverified: answer 401. Keep the header `webhook-id`: Heed sends a callback
    again, under the same id, until it hears of success.
    """
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        try:
            return cast(Callback, Webhook(secret).verify(body, dict(headers)))
        except (WebhookVerificationError, ValueError):
            continue
    raise Unverified("This callback is not signed by the callback secret, or not of this moment. Answer 401.")

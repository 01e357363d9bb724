"""The client: one method for each thing a forum tells Heed, or asks."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import quote

import httpx
from standardwebhooks.webhooks import Webhook
from typing_extensions import TypedDict, Unpack

from heed_client.answers import Appeal, Erasure, Standing
from heed_client.errors import HeedError, Unreachable, refusal

NO_KEY = "Only the API key may do this. Make the client with `api_key=`, which `heed forum add` printed."
NO_CREDENTIALS = "Give `api_key=`, or `forum=` and `webhook_secret=`, or all of them; `heed forum add` printed them."


class PostDetails(TypedDict, total=False):
    """What a post may hold beside its id and its body; Heed's API says what each is for."""

    revision: int
    board: str
    title: str
    format: Literal["plain", "markdown", "bbcode", "html"]
    parent: str
    thread: str
    reply_to: str
    author: str
    language: str
    created_at: str
    priority: Literal["normal", "low"]
    url: str


class Heed:
    """A Heed at `url`, to which this program is the forum of these credentials. Safe to be used by several threads.

    With `forum` and `webhook_secret` what is sent is signed by Standard Webhooks; what is asked, and erasing an author, needs
    the `api_key`.
    """

    def __init__(
        self, url: str, *, api_key: str = "", forum: str = "", webhook_secret: str = "", timeout: float = 30
    ) -> None:
        if not api_key and not (forum and webhook_secret):
            raise ValueError(NO_CREDENTIALS)
        self._key, self._forum = api_key, forum
        self._webhook = Webhook(webhook_secret) if forum and webhook_secret else None
        self._http, self._timeout = httpx.Client(base_url=url.rstrip("/")), timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def submit(self, id: str, body: str, *, wait: float = 0, **details: Unpack[PostDetails]) -> Standing:  # noqa: A002
        """Send a new post, or an edit of it with a higher `revision`. With `wait`, its verdict is in the answer where Heed has it
        within so many seconds.
        """
        path = f"/v1/posts?wait={wait:g}" if wait else "/v1/posts"
        return cast(Standing, self._send(path, {"id": id, "body": body, **details}, wait))

    def deleted(self, id: str, at: datetime | None = None) -> Standing:  # noqa: A002
        """The post was deleted on the forum."""
        return self._event("post.deleted", id, at)

    def recovered(self, id: str, at: datetime | None = None) -> Standing:  # noqa: A002
        """The post is back on the forum: it is read again."""
        return self._event("post.recovered", id, at)

    def erase(self, id: str, at: datetime | None = None) -> Standing:  # noqa: A002
        """Erase every word of the post; the receipt is its `erasure`."""
        return self._event("post.erased", id, at)

    def erase_author(self, author: str) -> Erasure:
        """Erase everything by an author, named as in the posts. While `state` is `under_way`, ask for the receipt again."""
        return cast(Erasure, self._ask("DELETE", f"/v1/authors/{quote(author, safe='')}"))

    def erasure(self, id: str) -> Erasure:  # noqa: A002
        """The receipt of an erasure."""
        return cast(Erasure, self._ask("GET", f"/v1/erasures/{quote(id, safe='')}"))

    def standing(self, id: str) -> Standing:  # noqa: A002
        """Where a post stands, by Heed's id or the forum's own."""
        return cast(Standing, self._ask("GET", f"/v1/posts/{quote(id, safe='')}"))

    def appeal(self, id: str, appeal_id: str, text: str = "") -> Appeal:  # noqa: A002
        """The post's author sees the verdict otherwise; `appeal_id` is the forum's own id of that."""
        path = f"/v1/posts/{quote(id, safe='')}/appeals"
        return cast(Appeal, self._send(path, {"id": appeal_id, "text": text}))

    def withdraw_appeal(self, id: str, appeal_id: str) -> Appeal:  # noqa: A002
        """The author no longer appeals; one that is settled stays so."""
        path = f"/v1/posts/{quote(id, safe='')}/appeals/{quote(appeal_id, safe='')}"
        return cast(Appeal, self._ask("DELETE", path))

    def _event(self, kind: str, id: str, at: datetime | None) -> Standing:  # noqa: A002
        moment = (at or datetime.now(UTC)).isoformat()
        return cast(Standing, self._send("/v1/events", {"type": kind, "timestamp": moment, "data": {"id": id}}))

    def _send(self, path: str, document: dict[str, Any], wait: float = 0) -> Any:
        body = json.dumps(document).encode()
        proof = self._signature(self._webhook, body) if self._webhook else self._bearer()
        return self._request("POST", path, {"content-type": "application/json"} | proof, body, wait)

    def _ask(self, method: str, path: str) -> Any:
        if not self._key:
            raise HeedError(NO_KEY)
        return self._request(method, path, self._bearer())

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}"}

    def _signature(self, webhook: Webhook, body: bytes) -> dict[str, str]:
        id_, moment = f"msg_{secrets.token_hex(16)}", datetime.now(UTC)
        return {
            "x-heed-forum": self._forum,
            "webhook-id": id_,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": webhook.sign(id_, moment, body.decode()),
        }

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None, wait: float = 0
    ) -> Any:
        try:
            response = self._http.request(method, path, headers=headers, content=body, timeout=self._timeout + wait)
        except httpx.HTTPError as error:
            raise Unreachable(f"Heed does not answer ({type(error).__name__}). Send it again later.") from None
        if response.is_success:
            with suppress(ValueError):
                return response.json()
        raise refusal(response)

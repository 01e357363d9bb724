"""Discourse's HTTP API, asked by one account of its staff."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from service.callback.exchange import Reply, Unanswered, exchange, limits
from service.callback.send import Answer, answer_of
from service.settings import Settings
from service.store.models import Forum

MOST_BYTES = 16_000_000
"""Of an answer: a page of fifty long posts, in raw and as HTML, is some megabytes."""
KIND = re.compile(r"[a-z_]{1,40}")
"""Discourse's names of errors. Its sentences may quote a post, so they are kept nowhere."""


class Failed(Exception):
    """Discourse did not do what it was asked; `answer` says why, without a word of any post."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.error)
        self.answer = answer

    @property
    def status(self) -> int | None:
        return self.answer.status


@dataclass(frozen=True)
class Api:
    """One account on one Discourse. `seconds` is the time it has for each answer, `until` the moment by the monotonic clock
    after which it is asked nothing more.
    """

    address: str
    user: str
    key: str = field(repr=False)
    seconds: float = 15
    allow_private: bool = False
    until: float = math.inf

    @classmethod
    def of(cls, forum: Forum, chosen: Settings, until: float = math.inf) -> Api:
        """The account by which Heed acts on the forum's Discourse."""
        return cls(forum.callback_url, forum.discourse_user, forum.discourse_key, **limits(chosen), until=until)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """What it shows. Raises Failed."""
        document = _parsed(self._ask("GET", path + (f"?{urlencode(query)}" if query else "")))
        if document is None:
            raise Failed(Answer(error=f"no JSON in its answer to GET {_shown(path)}"))
        return document

    def send(self, method: str, path: str, **fields: object) -> dict[str, Any]:
        """Have it do something; what it answers, which may be nothing. Raises Failed.

        Fields go as a form, for Discourse compares some with the text `true`.
        """
        return _parsed(self._ask(method, path, urlencode(fields).encode())) or {}

    def has(self, path: str) -> bool:
        """Whether anything is there, were it only the way to it. Raises Failed where that can't be told."""
        try:
            self._ask("GET", path)
        except Failed as failure:
            if failure.status is not None and 300 <= failure.status < 400:
                return True
            if failure.status == 404:
                return False
            raise
        return True

    def _ask(self, method: str, path: str, form: bytes = b"") -> Reply:
        headers = {
            "accept": "application/json",
            "api-key": self.key,
            "api-username": self.user,
            "connection": "close",
            "user-agent": "Heed-Discourse/1",
        }
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        if time.monotonic() > self.until:
            raise Failed(Answer(error="its answers took too long; what is left is done later"))
        within = {"seconds": self.seconds, "allow_private": self.allow_private, "most": MOST_BYTES}
        try:
            reply = exchange(method, self.address.rstrip("/") + path, headers, form, **within)
        except Unanswered as error:
            raise Failed(Answer(error=str(error))) from None
        answer = answer_of(reply)
        if not answer.accepted:
            said = f"{answer.error}{_kind(reply)} to {method} {_shown(path)}"
            raise Failed(Answer(answer.status, said, answer.retry_after))
        return reply


def _shown(path: str) -> str:
    return path.partition("?")[0]


def _parsed(reply: Reply) -> dict[str, Any] | None:
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _kind(reply: Reply) -> str:
    kind = (_parsed(reply) or {}).get("error_type")
    return f" ({kind})" if isinstance(kind, str) and KIND.fullmatch(kind) else ""

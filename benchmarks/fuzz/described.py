"""Requests that Schemathesis makes up from the API's own description, and answers held against it."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable, Iterable
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.forums import NewForum

PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]  # fmt: skip
ITSELF = "/openapi.json"
"""Where the description is served; Schemathesis asks for it first and leaves it out of what it tries."""


class AsForum:
    """The application as a forum that proves who it is reaches it, whatever it sends."""

    def __init__(self, app: Callable[..., Iterable[bytes]], forum: NewForum) -> None:
        self.app, self.forum = app, forum

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        secret, corals = self.forum.forum.discourse_secret.encode(), self.forum.forum.coral_secret.encode()
        environ["HTTP_AUTHORIZATION"] = f"Bearer {self.forum.api_key}"
        environ["HTTP_X_DISCOURSE_EVENT_SIGNATURE"] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        environ["HTTP_X_CORAL_SIGNATURE"] = "sha256=" + hmac.new(corals, body, hashlib.sha256).hexdigest()
        return self.app(environ, start_response)


def cases(app: Callable[..., Iterable[bytes]], forum: NewForum) -> dict[str, st.SearchStrategy[Case]]:
    """Requests for each endpoint, those that fit the description and those that don't."""
    schema = schemathesis.openapi.from_wsgi(ITSELF, AsForum(app, forum))
    found = [each.ok() for each in schema.get_all_operations()]
    return {
        f"{each.method.upper()} {each.path}": st.one_of(each.as_strategy(mode) for mode in GenerationMode)
        for each in found
    }


def as_described(case: Case) -> None:
    """The answer is no error of ours, and has a status, a type and a shape that the description knows."""
    try:
        case.call_and_validate(checks=PROMISES)
    except FailureGroup as found:
        raise AssertionError("\n".join(map(str, found.exceptions))) from None

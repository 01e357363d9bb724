"""That Discourse over HTTP: forms in, JSON out, keys, limits, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from discourse_api import Discourse
from discourse_forum import Refused
from served import served

KEY = "b6c8a1key"


@contextmanager
def discourse_server() -> Iterator[Discourse]:
    forum = Discourse()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            place = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            # A JSON `true` is no `"true"`, so only forms are taken.
            assert not raw or self.headers["content-type"] == "application/x-www-form-urlencoded"
            form = dict(parse_qsl(place.query) + parse_qsl(raw, keep_blank_values=True))
            with forum.lock:
                status, document, headers = self.answered(place.path, form)
            body = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "content-type": "application/json", "content-length": len(body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def answered(self, path: str, form: dict[str, str]) -> tuple[int, Any, dict[str, object]]:
            if self.headers.get("api-key") != KEY or not self.headers.get("api-username"):
                return 403, {"errors": ["no access"], "error_type": "invalid_access"}, {}
            if forum.busy_after is not None and len(forum.asked) >= forum.busy_after:
                document = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 7}}
                return 429, document, {"Retry-After": 7}
            breaking = forum.broken_acts if forum.broken_acts and self.command != "GET" else forum.broken
            if breaking and (status := breaking.pop(0)):
                return status, {"errors": ["words of a post"]}, {}
            forum.asked.append((self.command, path, form))
            try:
                return *forum.answer(self.command, path, form, self.headers["api-username"]), {}
            except Refused as refusal:
                kind = {"error_type": refusal.kind} if refusal.kind else {}
                return refusal.status, {"errors": [refusal.words], **kind}, {}

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as forum.url:
        yield forum

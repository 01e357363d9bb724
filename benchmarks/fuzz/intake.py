"""What must hold of any request: forged ones change nothing, and none is answered with an error of ours."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from flask.testing import FlaskClient
from hypothesis import strategies as st
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from benchmarks.fuzz import hostile
from service.forums import NewForum
from service.store import Store
from service.store.models import Appeal, Post, Revision

MOMENTS = ("2026-11-20T21:03:11Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "2026-11-20", "1e9", "NaN", "\u0661\u0669", "2016-12-31T23:59:60Z")  # fmt: skip
NUMBERS = (0, 1, -1, 2**31 - 1, 2**31, 2**63, -(2**63) - 1, 10**4000, 1e308, 0.1, True)
RAW = (
    b"", b"{", b"null", b"[]", b'""', b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{}" * 9, b'{"id":"\\ud800"}', b'{"id":"1","id":"2","body":"a","body":"b"}', b'{"id":1e999}',
    b'{"id":NaN}', b"[" * 100_000, b'{"a":' * 50_000, b'{"revision":' + b"9" * 5_000 + b"}", b'{"id":"1","body":"\x00"}', b"\x00" * 64, gzip.compress(b"0" * 1_000_000),
    b'{"id":"1","body":"' + b"\xcc\x81" * 60_000 + b'"}', b'{"body":"' + b"\\u0301" * 99_999 + b'","id":"9"}', b'{"id":"1","body":"' + b"a" * 100_001 + b'"}',
)  # fmt: skip
"""Bodies that are no submission, or one that is too long."""
HEADERS = (
    ("Content-Type", "text/plain"), ("Content-Type", "multipart/form-data; boundary=x"), ("Content-Type", "application/json; charset=utf-16"), ("Content-Encoding", "gzip"),
    ("Content-Length", "-1"), ("Content-Length", "9999999999"), ("Content-Length", "abc"), ("Authorization", "Bearer "), ("Authorization", "Basic \xff"),
    ("Authorization", "Bearer heed_\xe9\xa0"), ("X-Heed-Forum", "\xff'; DROP TABLE post"), ("X-Heed-Forum", "nobody"), ("X-Discourse-Instance", "http://["),
    ("X-Discourse-Instance", "https://" + "a" * 300), ("X-Discourse-Event", "post_destroyed"), ("X-Discourse-Event", "post_recovered"), ("X-Discourse-Event", "ping"),
    ("X-Discourse-Event-Type", "\xff"), ("X-Forwarded-For", "::ffff:%"), ("X-Forwarded-Host", "a\x7fb"), ("Host", "[::"), ("Cookie", "heed=eyJ9.\xff"), ("Range", "bytes=9-1"),
    ("webhook-timestamp", "nan"), ("webhook-timestamp", "inf"), ("webhook-timestamp", "1e400"), ("webhook-timestamp", "\xb2"), ("webhook-id", ""), ("Accept-Language", "x" * 5000),
    ("webhook-signature", "v1"), ("webhook-signature", "v1,a,b"), ("webhook-signature", "v1,\xe9"), ("webhook-signature", "v1a,AAAA v2,AAAA v1,===="), ("webhook-signature", " "),
)  # fmt: skip
FORGERIES = (
    "key",
    "nobody",
    "unsigned",
    "body",
    "truncated",
    "stale",
    "early",
    "other forum",
    "other message",
    "no time",
    "discourse",
)


@dataclass(frozen=True)
class Sent:
    """A request. `signed`: how it says who it comes from; `forged`: what was done to it after it was signed, or empty."""

    method: str
    path: str
    body: bytes
    signed: str = "key"
    forged: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.body)


def _values() -> st.SearchStrategy[Any]:
    plain = (
        hostile.texts(8)
        | st.sampled_from(NUMBERS)
        | st.sampled_from(MOMENTS)
        | st.none()
        | st.text(max_size=5)
        | st.just("7")
    )
    return plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=6), plain, max_size=3)  # fmt: skip


def _members(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), _values(), max_size=3)


def _filled(given: dict[str, Any], members: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """`given` with some members changed."""
    return members.map(lambda more: given | more)


POST = {"id": "7", "body": "Is 50 a lot?", "revision": 1}
SUBMISSION = _filled(POST, _members(*"id revision board title body format parent thread reply_to author language created_at url other".split()))  # fmt: skip
EVENT = st.tuples(
    st.sampled_from(["post.deleted", "post.recovered", "post.erased", ""]), st.sampled_from(MOMENTS), _values() | st.just("7")
).map(lambda three: {"type": three[0], "timestamp": three[1], "data": {"id": three[2]}})  # fmt: skip
APPEAL = _filled({"id": "a1", "text": "No."}, _members("id", "text", "created_at", "other"))
DISCOURSE = _filled(
    {"id": 158, "raw": "Is 50 a lot?", "version": 1, "post_number": 1, "post_type": 1, "topic_id": 77, "username": "jo"},
    _members(*"id raw version post_number post_type topic_id username topic_title category_slug category_id deleted_at user_deleted hidden updated_at post_url reply_to_post_number reply_to_user topic_archetype".split()),
).map(lambda post: {"post": post})  # fmt: skip


def as_json(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """The documents in UTF-8, or as near to it as halves of surrogate pairs let them be."""
    spelled = st.sampled_from((True, False))
    return st.tuples(documents, spelled).map(
        lambda pair: json.dumps(pair[0], ensure_ascii=pair[1]).encode(errors="surrogatepass")
    )


def requests() -> st.SearchStrategy[Sent]:
    """Requests to every address that takes news of a forum, by the right key or signature, a wrong one, or none."""
    ids = st.sampled_from(["7", "nobody", "post_1", "%00", "..%2f..", "a" * 3000, "%ff", "%F0%9F%92%8A", "7/appeals/a1"]) | st.text(max_size=6).map(lambda text: quote(text, safe="", errors="replace"))  # fmt: skip
    queries = st.sampled_from(["", "?wait=nan", "?wait=0", "?wait=1e999", "?wait=\u0661", "?erase=true", "?erase=%00", "?forum=harbour", "?forum=%ff"])  # fmt: skip
    body = st.sampled_from(RAW)
    addressed = st.one_of(
        st.tuples(st.just("POST"), st.just("/v1/posts"), as_json(SUBMISSION) | body),
        st.tuples(st.just("POST"), st.just("/v1/posts/batch"), as_json(st.lists(SUBMISSION, max_size=4).map(lambda posts: {"posts": posts})) | body),
        st.tuples(st.just("POST"), st.just("/v1/events"), as_json(EVENT) | body),
        st.tuples(st.just("POST"), st.just("/v1/forums/harbour/discourse"), as_json(DISCOURSE) | body),
        st.tuples(st.just("POST"), ids.map("/v1/posts/{}/appeals".format), as_json(APPEAL) | body),
        st.tuples(st.sampled_from(["GET", "DELETE", "PUT", "HEAD", "OPTIONS", "BREW"]), ids.map("/v1/posts/{}".format), st.just(b"")),
        st.tuples(st.just("DELETE"), ids.map("/v1/posts/7/appeals/{}".format), body),
        st.tuples(st.sampled_from(["GET", "POST"]), ids.map("/v1/forums/{}/discourse".format), body),
        st.tuples(st.just("GET"), ids.map("/{}".format), st.just(b"")),
    )  # fmt: skip
    return st.builds(
        lambda to, query, signed, forged, headers: Sent(
            to[0],
            to[1] + query,
            to[2],
            signed or ("discourse" if "/discourse" in to[1] else "key"),
            forged,
            tuple(headers),
        ),
        addressed,
        queries,
        st.sampled_from(["", "", "", "webhook", "key", "discourse"]),
        st.one_of(st.just(""), st.just(""), st.sampled_from(FORGERIES)),
        st.lists(st.sampled_from(HEADERS), max_size=1) | st.lists(st.sampled_from(HEADERS), max_size=3),
    )


@dataclass(frozen=True)
class Intake:
    """The real application, with a forum of its own."""

    client: FlaskClient
    store: Store
    forum: NewForum

    def check(self, sent: Sent) -> None:
        """No error of ours; a problem document for each refusal; whatever is forged is refused and changes nothing."""
        body, headers = self._signed(sent)
        for name, value in sent.headers:
            headers[name] = value
        before = self._standing() if sent.forged else None
        answer = self.client.open(sent.path, method=sent.method, data=body, headers=list(headers.items()))
        assert answer.status_code < 500, answer.status_code
        if 400 <= answer.status_code and sent.method != "HEAD":
            problem = answer.get_json(force=True)
            assert problem["status"] == answer.status_code and problem["detail"], problem
        if sent.forged:
            assert answer.status_code >= 400 or sent.method == "OPTIONS" or not sent.path.startswith("/v1/")
            assert self._standing() == before

    def _standing(self) -> tuple[Any, ...]:
        with self.store.read() as session:
            counts = [session.scalar(select(func.count()).select_from(table)) for table in (Post, Revision, Appeal)]
            posts = session.execute(
                select(Post.id, Post.revision, Post.deleted, Post.erased).order_by(Post.id).limit(50)
            )
            return (*counts, *posts.all())

    def _signed(self, sent: Sent) -> tuple[bytes, dict[str, str]]:
        """The body that is sent, and headers signed for what the body was before it was forged."""
        forum, body, at = self.forum.forum, sent.body, datetime.now(UTC)
        at += {"stale": -timedelta(hours=1), "early": timedelta(hours=1)}.get(sent.forged, timedelta())
        headers = {"Content-Type": "application/json"}
        if sent.forged == "unsigned":
            return body, headers
        if sent.signed == "key" and sent.forged not in ("stale", "early"):
            key = self.forum.api_key if not sent.forged else {"nobody": "x", "truncated": self.forum.api_key[:-1]}.get(sent.forged, self.forum.api_key[::-1])  # fmt: skip
            return body, headers | {"Authorization": f"Bearer {key}"}
        if sent.signed == "discourse" and sent.forged not in ("stale", "early"):
            secret = "x" if sent.forged in FORGERIES else forum.discourse_secret
            signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            event = {"X-Discourse-Event-Type": "post", "X-Discourse-Event": "post_created", "X-Discourse-Instance": "https://forum.example.org"}  # fmt: skip
            return body, headers | event | {"X-Discourse-Event-Signature": signature}
        return self._by_webhook(sent, body, at, headers)

    def _by_webhook(
        self, sent: Sent, body: bytes, at: datetime, headers: dict[str, str]
    ) -> tuple[bytes, dict[str, str]]:
        said = body.decode(errors="replace")
        secret = Webhook(self.forum.forum.webhook_secret)
        headers |= {
            "webhook-id": "m",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": secret.sign("m", at, said),
            "X-Heed-Forum": self.forum.forum.slug,
        }
        match sent.forged:
            case "body":
                body += b" "
            case "truncated" | "key":
                headers["webhook-signature"] = headers["webhook-signature"][:-4]
            case "nobody" | "other forum" | "discourse":
                headers["X-Heed-Forum"] = "elsewhere"
            case "other message":
                headers["webhook-id"] = "n"
            case "no time":
                headers.pop("webhook-timestamp")
        return body, headers


class Mangled:
    """Requests without end from a seed: well-formed ones with bytes flipped, cut, doubled and put in."""

    def __init__(self, seed: int) -> None:
        self.dice, self.text = random.Random(seed), hostile.Mutation(seed, 400).text
        self.samples: tuple[tuple[str, str, Callable[[], Any]], ...] = (
            ("/v1/posts", "key", lambda: POST | {"body": self.text(), "title": self.text(), "format": "html"}),
            ("/v1/posts/batch", "webhook", lambda: {"posts": [POST | {"id": self.text()[:9] or "7"}, POST]}),
            ("/v1/events", "key", lambda: {"type": "post.deleted", "timestamp": self.dice.choice(MOMENTS), "data": {"id": "7"}}),
            ("/v1/forums/harbour/discourse", "discourse", lambda: {"post": {"id": 158, "raw": self.text(), "version": 1, "topic_id": 7, "post_number": 2, self.dice.choice(("deleted_at", "updated_at")): self.dice.choice(MOMENTS)}}),
            ("/v1/posts/7/appeals", "key", lambda: {"id": "a1", "text": self.text()}),
        )  # fmt: skip

    def body(self) -> bytes:
        return self._addressed()[2]

    def request(self) -> Sent:
        dice = self.dice
        path, signed, body = self._addressed()
        sent = Sent("POST", path, body, signed)
        if dice.random() < 0.3:
            sent = replace(sent, forged=dice.choice(FORGERIES))
        if dice.random() < 0.5:
            sent = replace(sent, headers=tuple(dice.choices(HEADERS, k=2)))
        return sent

    def _addressed(self) -> tuple[str, str, bytes]:
        """Where to, how it is signed, and what."""
        dice = self.dice
        path, signed, document = dice.choice(self.samples)
        body = json.dumps(document(), ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass")
        for _ in range(dice.randrange(5)):
            at, to = sorted(dice.randrange(len(body) + 1) for _ in range(2))
            body = dice.choice(
                (
                    body[:at] + bytes([dice.randrange(256)]) + body[at:],
                    body[:at] + body[to:],
                    body[:to] + body[at:],
                    body[:at] + dice.choice(RAW[:11]) + body[at:],
                )
            )
        return path, signed, body


ASKED = ("", "decided", "people", "numbers", "numbers.csv", "policies", "policies/harbour", "second-readings", "account", "items/7", "people/7", "care", "join/x", "login", "sign-on/back", "together/7", "second-readings/differed")  # fmt: skip
QUERIES = ("after", "label", "board", "forum", "severity", "age", "who", "days", "page", "lang", "next", "view", "q")


def questions() -> st.SearchStrategy[str]:
    """Addresses of the console's pages with any query."""
    value = hostile.texts(3).map(lambda text: text.encode(errors="replace").decode()) | st.sampled_from(["-1", "1e9", "9" * 400, "mine", "2026-99-99"])  # fmt: skip
    query = st.dictionaries(st.sampled_from(QUERIES), value, max_size=4).map(urlencode)
    return st.tuples(st.sampled_from(ASKED), query).map("/console/{0[0]}?{0[1]}".format)


@dataclass(frozen=True)
class Asked:
    """The console, open in somebody's browser."""

    client: FlaskClient

    def check(self, path: str) -> None:
        assert self.client.get(path).status_code < 500

"""What must hold of any webhook before it reaches the database: its signature, and what its bytes are read as."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from flask import Request
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from benchmarks.fuzz.intake import APPEAL, DISCOURSE, EVENT, RAW, SUBMISSION, Mangled, as_json
from service.discourse import payload
from service.errors import Invalid, Unauthorized
from service.intake.signature import is_signed
from service.intake.submission import AppealSubmission, Batch, Event, Submission, parse, read_json
from service.keys import new_secret
from service.settings import settings
from service.store.models import Forum

MODELS = (Submission, Batch, Event, AppealSubmission)
SECRET = new_secret()
LONGEST_REFUSAL = 400
"""Characters of the longest sentence that says what is wrong with a body, and more."""

bodies = st.one_of(SUBMISSION, EVENT, APPEAL, DISCOURSE).flatmap(lambda each: as_json(st.just(each))) | st.sampled_from(
    RAW
)


@dataclass(frozen=True)
class Arrived:
    """A webhook that was signed, as it arrives. `forged`: which part of it was changed on its way, or empty."""

    id: str
    time: str
    body: bytes
    signature: str
    at: int
    """The second it was signed in."""
    forged: str = ""

    def __len__(self) -> int:
        return len(self.body)


def mutated_bodies(seed: int) -> Callable[[], bytes]:
    """Bodies without end: well-formed ones with bytes flipped, cut, doubled and put in."""
    return Mangled(seed).body


def signed_as(body: bytes, dice: random.Random) -> Arrived:
    """The body, signed; two of three times a part is changed on its way."""
    now = datetime.now(UTC)
    second, signature = int(now.timestamp()), Webhook(SECRET).sign("m", now, body.decode(errors="replace"))
    sent = Arrived("m", str(second), body, signature, second)
    if dice.random() < 1 / 3:
        return sent
    part = dice.choice(("id", "time", "body", "signature"))
    return replace(sent, **{part: _bent(getattr(sent, part), dice)}, forged=part)


def mutated(seed: int) -> Callable[[], Arrived]:
    """Signed and forged webhooks without end."""
    dice, body = random.Random(seed), mutated_bodies(seed)
    return lambda: signed_as(body(), dice)


webhooks = st.builds(lambda body, seed: signed_as(body, random.Random(seed)), bodies, st.integers(0, 2**32))


def _bent(part: Any, dice: random.Random) -> Any:
    """The part with a character or byte more, another, or some fewer."""
    at, to = sorted(dice.randrange(len(part) + 1) for _ in range(2))
    more = bytes([dice.randrange(256)])
    more = more if isinstance(part, bytes) else more.decode("latin-1")
    bent = dice.choice((part[:at] + more + part[at:], part[:at] + more + part[at + 1 :], part[:at] + part[to:]))
    return bent if bent != part else part + more


def verified_or_refused(sent: Arrived) -> None:
    """What arrives as it was signed is taken, where it is UTF-8; under another id or time, or with another body, it is not.

    A signature may be written in several ways (base64 with a space in it, more than one), and so may the second it was made in.
    """
    headers = {
        "HTTP_WEBHOOK_ID": sent.id,
        "HTTP_WEBHOOK_TIMESTAMP": sent.time,
        "HTTP_WEBHOOK_SIGNATURE": sent.signature,
    }
    request = Request({"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(sent.body)), "wsgi.input": BytesIO(sent.body), **headers})  # fmt: skip
    try:
        taken = is_signed(request, SECRET)
    except Unauthorized:
        taken = False
    if not sent.forged:
        assert taken is _is_utf8(sent.body)
    elif sent.forged in ("id", "body"):
        assert not taken
    elif sent.forged == "time" and taken:
        assert int(float(sent.time)) == sent.at


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_or_refused(body: bytes) -> None:
    """A body is read as a model whose texts can be stored, or refused by one sentence, which is too short to hold a post."""
    for model in MODELS:
        with _refused_in_short():
            _storable(parse(model, body).model_dump())
    with _refused_in_short():
        document = read_json(body)
        post = document.get("post") if isinstance(document, dict) else None
        if isinstance(post, dict):
            payload.moment(post.get("deleted_at"))
            if not payload.not_ours(post, FORUM):
                # What a post answers is looked up in the database: the target "requests" does that.
                alone = post | {"reply_to_post_number": None}
                _storable(payload.submission(None, FORUM, "https://forum.example.org", alone).model_dump())  # type: ignore[arg-type]


FORUM = Forum(id="f", slug="harbour", read_private_messages=False, discourse_user="heed")


@contextmanager
def _refused_in_short() -> Iterator[None]:
    try:
        yield
    except Invalid as refused:
        assert len(refused.detail) < LONGEST_REFUSAL


def _storable(value: Any) -> None:
    """Every text of it is Unicode without NUL, and no longer than a post may be."""
    if isinstance(value, str):
        assert "\x00" not in value and len(value) <= settings().max_text_chars
        value.encode()
    elif isinstance(value, dict):
        for each in value.values():
            _storable(each)

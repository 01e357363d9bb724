"""The forum's side of intake: posts, edits, deletions, doubles, in any order, each sent until Heed has answered for it."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from standardwebhooks import Webhook

from benchmarks.chaos.stack import Keys

SENDERS = 24
SPREAD_SECONDS = 20.0
"""Longest time between a post and what is done to it."""
LONGEST_PAUSE = 3.0
KINDS = {"plain": 66, "edited": 12, "edited twice": 4, "edit came first": 5, "sent twice": 5,
         "deleted": 4, "deletion came first": 2, "deleted and back": 2}  # fmt: skip
"""What happens to a post, in per cent."""


@dataclass(frozen=True)
class Step:
    """One request: a revision of a post, or (0) news of it; due so many seconds after the run began."""

    due: float
    post: str
    revision: int = 0
    event: str = ""
    moment: datetime | None = None


@dataclass
class Ledger:
    """What Heed has answered for: of each post its revisions, and what was told of it last, with the time of the answer."""

    revisions: dict[str, dict[int, float]] = field(default_factory=dict)
    events: dict[str, dict[str, float]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def newest(self, post: str) -> int:
        return max(self.revisions.get(post, {0: 0.0}))

    def is_deleted(self, post: str) -> bool:
        told = self.events.get(post, {})
        return "post.deleted" in told and "post.recovered" not in told


class Traffic:
    """Sends `posts` posts in the course of `seconds`."""

    def __init__(
        self, url: str, forum: Keys, texts: Sequence[str], posts: int, seconds: float, dice: random.Random
    ) -> None:
        self.ledger, self.left = Ledger(), 0
        self._url, self._forum, self._texts = url, forum, texts
        self._steps = sorted(
            (step for n in range(posts) for step in _steps(f"p{n}", dice.random() * seconds, dice)),
            key=lambda step: step.due,
        )
        self.left = len(self._steps)
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send everything; returns when all is answered. Raises what went wrong on our own side."""
        began = time.monotonic()
        with httpx.Client(timeout=15, trust_env=False) as client, ThreadPoolExecutor(SENDERS) as pool:
            sent = []
            for step in self._steps:
                time.sleep(max(0.0, began + step.due - time.monotonic()))
                sent.append(pool.submit(self._insist, client, step))
            for each in sent:
                each.result()

    def _insist(self, client: httpx.Client, step: Step) -> None:
        """As a forum's own queue does: until there is an answer that says the post is taken in, or never will be."""
        pause = 0.1
        while True:
            try:
                answer = self._send(client, step)
            except httpx.HTTPError as error:
                self._count(type(error).__name__)
            else:
                self._count(str(answer.status_code))
                if answer.status_code < 300:
                    self._keep(step)
                    return
                if answer.status_code not in (429, 500, 502, 503, 504):
                    with self._lock:
                        self.left -= 1
                        self.ledger.refused.append(f"{step.post} {step.revision or step.event}: {answer.status_code}")
                    return
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _send(self, client: httpx.Client, step: Step) -> httpx.Response:
        if step.event:
            path = "/v1/events"
            document = {"type": step.event, "timestamp": step.moment.isoformat(), "data": {"id": step.post}}
        else:
            path, document = "/v1/posts", self._post(step)
        body, moment, id_ = json.dumps(document), datetime.now(UTC), f"msg_{secrets.token_hex(8)}"
        signed = Webhook(self._forum.webhook_secret).sign(id_, moment, body)
        headers = {"content-type": "application/json", "x-heed-forum": self._forum.slug, "webhook-id": id_,
                   "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signed}  # fmt: skip
        return client.post(self._url + path, content=body, headers=headers)

    def _post(self, step: Step) -> dict[str, object]:
        text = self._texts[(int(step.post[1:]) * 7 + step.revision * 13) % len(self._texts)]
        return {"id": step.post, "revision": step.revision, "body": f"{text}\n({step.post}, {step.revision})"}

    def _keep(self, step: Step) -> None:
        moment = time.time()
        with self._lock:
            self.left -= 1
            if step.event:
                self.ledger.events.setdefault(step.post, {}).setdefault(step.event, moment)
            else:
                self.ledger.revisions.setdefault(step.post, {}).setdefault(step.revision, moment)

    def _count(self, what: str) -> None:
        with self._lock:
            self.ledger.answers[what] += 1


def _steps(post: str, begin: float, dice: random.Random) -> Iterator[Step]:
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    later = sorted(begin + dice.random() * SPREAD_SECONDS for _ in range(2))
    posted = datetime.now(UTC)
    deleted, back = posted + timedelta(minutes=1), posted + timedelta(minutes=2)
    match kind:
        case "edited":
            yield from (Step(begin, post, 1), Step(later[0], post, 2))
        case "edited twice":
            yield from (Step(begin, post, 1), Step(later[0], post, 2), Step(later[1], post, 3))
        case "edit came first":
            yield from (Step(begin, post, 2), Step(later[0], post, 1))
        case "sent twice":
            yield from (Step(begin, post, 1), Step(begin, post, 1))
        case "deleted":
            yield from (Step(begin, post, 1), Step(later[0], post, event="post.deleted", moment=deleted))
        case "deletion came first":
            yield from (Step(begin, post, event="post.deleted", moment=deleted), Step(later[0], post, 1))
        case "deleted and back":
            yield Step(begin, post, 1)
            yield Step(later[1], post, event="post.deleted", moment=deleted)
            yield Step(later[0], post, event="post.recovered", moment=back)
        case _:
            yield Step(begin, post, 1)

"""Texts that are no posts: read now for who asks, and forgotten with the answer.

The web process loads no model, workers read what stands in the database, and no word goes into Redis. So a text is a post for
a moment: one that is not kept. It is read before what came within the last half minute and nobody waits for, and gets its verdict by the forum's policy, but no
moderator, no callback and no number ever hears of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.findings import Findings, NotChecked
from classifiers.labels import POST_LABELS, SPAN_TYPES, Area
from service.erasure import retention
from service.errors import Invalid, Unavailable
from service.intake import accept, limits
from service.intake.submission import Submission, check
from service.problems import RETRY_SECONDS
from service.settings import settings
from service.store import Store, store
from service.store.models import Forum, Post, Verdict, new_id, now
from service.waiting import place, until_told
from service.wakeup import wake_classify

LEFT_OVER = timedelta(minutes=5)
"""Age at which a text belongs to a request that ended without taking it away; none waits so long."""
MOST = 100
"""Texts in one request."""
EVERYTHING: tuple[tuple[Area, str], ...] = (
    *POST_LABELS,
    *((area, name) for area, names in SPAN_TYPES.items() for name in names),
)
"""All that a text is judged for: area and label, or type of a span."""


@dataclass(frozen=True)
class Reading:
    """What was found in one text, and what the forum's policy says of it."""

    text: str
    verdict: dict[str, Any]
    """`service.policy.decide.decide`; docs/api.md names its fields."""
    findings: Findings

    @property
    def scores(self) -> dict[tuple[Area, str], float]:
        """0..1 for EVERYTHING; of spans the highest of their type, 0 where there is none or nothing could be read."""
        found = dict.fromkeys(EVERYTHING, 0.0)
        found |= {(label.area, label.label): label.score for label in self.findings.labels}
        for span in self.findings.spans:
            found[span.area, span.type] = max(found[span.area, span.type], span.score)
        return {name: round(score, 4) for name, score in found.items()}

    @property
    def flagged(self) -> set[tuple[str, str]]:
        """Area and label of what counts by the forum's policy."""
        return {(reason["area"], reason["label"]) for reason in self.verdict["reasons"]}


def text(body: str, *, field: str, parent: str = "", format: str = "plain") -> Submission:  # noqa: A002
    """A text to be read. Raises Invalid, which names the `field` that the body came in, or `context`."""
    given = {"id": new_id("text"), "body": body, "parent": parent, "format": format}
    try:
        return check(Submission, given)
    except Invalid as error:
        named = field if error.field == "body" else "context"
        raise Invalid(f"{named}: {error.detail.partition(': ')[2]}", field=named) from None


def read(forum: Forum, texts: Sequence[Submission], seconds: float | None = None) -> list[Reading]:
    """What stands in each text, in their order; nothing of them is left when it returns, or raises.

    Raises Unavailable where they are not all read within `seconds` (`HEED_WAIT_SECONDS_MAX` where left out) or too many wait
    already, and what intake raises (limits, room).
    """
    with place() as free:
        if not free:
            raise Unavailable(
                "Too many wait for an answer. Nothing was stored; send it again later.", retry_after=RETRY_SECONDS
            )
        limits.count(forum, len(texts))
        with store().write() as session:
            limits.check_room(store(), session, len(texts))
            posts = [_store(session, forum, each) for each in texts]
        try:
            wake_classify()
            verdicts = _wait(posts, settings().wait_seconds_max if seconds is None else seconds)
        finally:
            _forget(posts)
    return [_reading(each, verdicts[post]) for each, post in zip(texts, posts, strict=True)]


def forget_old(where: Store) -> int:
    """Forget what web processes left that were ended with a text in hand; returns how many texts."""
    left, gone = retention.passing(now() - LEFT_OVER), 0
    with where.read() as session:
        if session.scalar(left.limit(1)) is None:
            return 0
    while some := retention.forget(where, left):
        gone += some
    return gone


def _store(session: Session, forum: Forum, each: Submission) -> str:
    post = accept.accept(session, forum, each, awaited=True).post
    post.kept = False
    return post.id


def _wait(posts: list[str], seconds: float) -> dict[str, Verdict]:
    end = time.monotonic() + seconds
    while True:
        with store().read() as session:
            current = select(Verdict).where(Verdict.post_id.in_(posts), Verdict.current)
            found = {verdict.post_id: verdict for verdict in session.scalars(current)}
        if len(found) == len(posts):
            return found
        if time.monotonic() >= end:
            raise _unread(f"within {seconds:g} s")
        until_told([post for post in posts if post not in found], end)


def _forget(posts: list[str]) -> None:
    with store().write() as session:
        locked = select(Post.id).where(Post.id.in_(posts)).order_by(Post.id).with_for_update()
        retention.delete_wholly(session, session.scalars(locked).all())


def _reading(each: Submission, verdict: Verdict) -> Reading:
    findings = Findings.from_json(verdict.findings or {})
    if findings.not_checked is NotChecked.FAILED:
        raise _unread("in several attempts")
    return Reading(each.body, verdict.document, findings)


def _unread(how: str) -> Unavailable:
    return Unavailable(
        f"The text could not be read {how}. Nothing of it is kept; send it again.", retry_after=RETRY_SECONDS
    )

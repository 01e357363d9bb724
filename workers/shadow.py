"""Shadow mode: another policy or model judges the posts that were just read, after their verdicts stand, without acting."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from rq.timeouts import JobTimeoutException
from sqlalchemy import select

from classifiers.findings import Findings, PostText
from service.policy import decide, load
from service.policy.shadow import note
from service.policy.versions import policy_of
from service.store import Store
from service.store.models import Revision, Verdict
from workers.context import texts_of
from workers.logs import kind

log = logging.getLogger(__name__)


class Reader(Protocol):
    """What reads posts: classifiers.engine.Classifier."""

    def read(self, posts: Sequence[PostText]) -> list[Findings]: ...


def judge_along(where: Store, shadow: Reader | None, read: list[tuple[Revision, Findings]]) -> None:
    """Note what the forum's shadow policy, or a `shadow` model, says of the posts. No failure here harms a verdict."""
    posts = [pair for pair in read if pair[0].post.kept]
    wanted = [pair for pair in posts if shadow or pair[0].post.forum.shadow_policy is not None]
    if not wanted:
        return
    try:
        if shadow:
            with where.read() as session:
                texts = texts_of(session, [revision for revision, _ in wanted])
            found = shadow.read(texts)
            wanted = [(revision, findings) for (revision, _), findings in zip(wanted, found, strict=True)]
        for revision, findings in wanted:
            _note(where, revision, findings)
    except JobTimeoutException:
        raise
    except Exception as error:
        log.warning("the shadow could not judge %d posts (%s)", len(wanted), kind(error))


def _note(where: Store, revision: Revision, findings: Findings) -> None:
    forum = revision.post.forum
    policy = load(forum.shadow_policy) if forum.shadow_policy is not None else policy_of(forum)
    document = decide(
        findings, policy, text=revision.body, title=revision.title, board=revision.board, region=forum.region
    )
    with where.write() as session:
        own = (Verdict.revision_id == revision.id, Verdict.decided_by.is_(None))
        verdict = session.scalar(select(Verdict).where(*own).order_by(Verdict.created_at.desc()).limit(1))
        if verdict:
            note(session, verdict, document)

"""What a classifier is given of a post, with what it answers: the parent that the forum sent, else the one Heed knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from classifiers.findings import Findings, PostText
from classifiers.reading import read
from service.store.models import Post, Revision

END = 600
"""Characters of a parent's beginning and of its end: more than the pieces that an encoder takes of either."""


def texts_of(session: Session, revisions: Sequence[Revision]) -> list[PostText]:
    """What a classifier is given of each revision."""
    parents = _known_parents(session, [each for each in revisions if not each.parent and each.reply_to])
    return [
        PostText(
            each.body,
            each.title,
            each.parent or parents.get((each.forum_id, each.reply_to), ""),
            each.format,
            each.language,
        )
        for each in revisions
    ]


def own(revision: Revision, findings: Findings) -> Findings:
    """The findings without what stands in a parent that the revision itself does not hold."""
    return findings if revision.parent else replace(findings, parent=())


def _known_parents(session: Session, replies: Sequence[Revision]) -> dict[tuple[str, str], str]:
    """The newest own words of what is replied to, by forum and its own id; none of a deleted or erased post."""
    wanted = sorted({(each.forum_id, each.reply_to) for each in replies})
    if not wanted:
        return {}
    query = (
        select(Post.forum_id, Post.external_id, Revision.body, Revision.format)
        .join(Revision, (Revision.post_id == Post.id) & (Revision.number == Post.revision))
        .where(tuple_(Post.forum_id, Post.external_id).in_(wanted), Post.deleted.is_(False), Post.erased.is_(False))
    )
    return {
        (forum_id, id_): _both_ends(read(body, format).text) for forum_id, id_, body, format in session.execute(query)
    }


def _both_ends(text: str) -> str:
    return text if len(text) <= 2 * END else f"{text[:END]}\n{text[-END:]}"

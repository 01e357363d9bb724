"""The words of a post where other posts quote it: as the parent that a forum sends with a reply."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.store.encrypted import DamagedObject
from service.store.models import Post, Revision, Verdict

CUT = " .…"
"""How an excerpt may end or begin where the text goes on."""


def unquote(session: Session, forum_id: str, posts: Sequence[str]) -> int:
    """Take the words of these posts, before they go, out of the parents of others: of what names them in `reply_to`, and of
    what holds their words in the same thread. How many revisions lost their parent.
    """
    query = (
        select(Post.external_id, Revision.thread, Revision.title, Revision.body)
        .join(Revision, Revision.post_id == Post.id)
        .where(Post.id.in_(posts))
    )
    rows = session.execute(query).all()
    names, threads = {row.external_id for row in rows}, {row.thread for row in rows} - {""}
    texts = [_plain(text) for row in rows for text in (row.title, row.body)]
    candidates = select(Revision).where(
        Revision.forum_id == forum_id,
        Revision.post_id.not_in(posts),
        Revision.parent != "",
        or_(Revision.reply_to.in_(names), Revision.thread.in_(threads)),
    )
    quoting = [each for each in session.scalars(candidates) if each.reply_to in names or _stands(each.parent, texts)]
    for revision in quoting:
        revision.parent = ""
    for verdict in session.scalars(select(Verdict).where(Verdict.revision_id.in_([each.id for each in quoting]))):
        verdict.document = _without(verdict.document, "parent_spans")
        verdict.findings = _without(verdict.findings, "parent")
    session.flush()
    return len(quoting)


def is_of_erased(session: Session, forum_id: str, reply_to: str) -> bool:
    """Whether the post of that name was erased, so that no quote of it may be kept."""
    named = (Post.forum_id == forum_id, Post.external_id == reply_to, Post.erased)
    return bool(reply_to) and session.scalar(select(Post.id).where(*named)) is not None


def _stands(parent: str, texts: Sequence[str]) -> bool:
    excerpt = _plain(parent)
    return bool(excerpt) and any(excerpt in text for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(CUT)


def _without(document: dict | None, name: str) -> dict | None:
    if not isinstance(document, dict) or isinstance(document, DamagedObject):
        return document
    return {key: value for key, value in document.items() if key != name}

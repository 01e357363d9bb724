"""Which posts are kept. A text that is only read for an answer is in no number, list or export of posts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from service.store.models import Post, Revision, Verdict


def is_kept(table: type[Revision] | type[Verdict]) -> ColumnElement[bool]:
    """Whether a row is of a post that is kept; by an index of the few that are not."""
    return table.post_id.not_in(select(Post.id).where(~Post.kept))

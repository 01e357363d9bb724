"""Erasures and their receipts: a post at once, an author a few posts to a transaction, until nothing is left in the database's
files either.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.erasure.quotes import unquote
from service.erasure.rows import items_of, wipe
from service.settings import settings
from service.store import Store
from service.store.encrypted import is_named
from service.store.models import Erasure, Forum, Post, Revision, now

CHUNK = 25
"""Posts erased in one transaction: so long others wait for SQLite's lock, a post's row, or the audit log."""
SECONDS = 10.0
"""How long a request erases before it leaves the rest to the sweeper."""


def erase_post(session: Session, post: Post) -> Erasure:
    """Erase a post that is locked; its row stays, empty, so that news which comes late does not bring it back.

    Erased before, it gives the same receipt again.
    """
    if known := of_post(session, post):
        return known
    erasure = Erasure(forum_id=post.forum_id, post_id=post.id)
    session.add(erasure)
    session.flush()
    _erase(session, erasure, [post])
    return erasure


def begin_author(session: Session, forum: Forum, author: str) -> Erasure:
    """Have everything by an author of the forum erased; `go_on` does it. Where nothing of theirs is left, the receipt of the
    last time is given again.
    """
    known = hashed(forum.id, author)
    newest = (
        select(Erasure)
        .where(Erasure.forum_id == forum.id, Erasure.author_hash == known)
        .order_by(Erasure.created_at.desc(), Erasure.id.desc())
        .limit(1)
    )
    last = session.scalar(newest)
    if last is not None and (last.state == "under_way" or not _left(session, forum.id, author, now())):
        return last
    erasure = Erasure(forum_id=forum.id, author=author, author_hash=known)
    session.add(erasure)
    session.flush()
    audit.write(session, "erased_author", forum=forum.id, erasure=erasure.id)
    return erasure


def go_on(where: Store, erasure_id: str, seconds: float = SECONDS) -> Erasure:
    """Erase what is left to erase, for so many seconds at most."""
    end = time.monotonic() + seconds
    while _some(where, erasure_id):
        if time.monotonic() > end:
            break
    else:
        _finish(where, erasure_id)
    with where.read() as session:
        return session.get_one(Erasure, erasure_id)


def go_on_with_all(where: Store, seconds: float = SECONDS) -> None:
    """Go on with whatever a request left, or a process that ended."""
    with where.read() as session:
        under_way = session.scalars(select(Erasure.id).where(Erasure.state == "under_way").order_by(Erasure.id)).all()
    for erasure_id in under_way:
        go_on(where, erasure_id, seconds)


def erased_since(session: Session, forum_id: str, author: str, moment: datetime | None) -> Erasure | None:
    """The erasure of the author that came after `moment`, the forum's time of a post which is only heard of now."""
    if not author or moment is None:
        return None
    wanted = (Erasure.forum_id == forum_id, Erasure.author_hash == hashed(forum_id, author))
    return session.scalar(select(Erasure).where(*wanted, Erasure.created_at >= moment).limit(1))


def of_post(session: Session, post: Post) -> Erasure | None:
    """The erasure by which the post went, where it is gone."""
    return session.get(Erasure, post.erasure_id) if post.erased and post.erasure_id else None


def find(session: Session, forum: Forum, erasure_id: str) -> Erasure | None:
    """An erasure of the forum."""
    if "\x00" in erasure_id:
        return None
    return session.scalar(select(Erasure).where(Erasure.forum_id == forum.id, Erasure.id == erasure_id))


def public_json(erasure: Erasure) -> dict[str, Any]:
    """The receipt: what was erased and when, without a word of it."""
    return {
        "id": erasure.id,
        "of": "post" if erasure.post_id else "author",
        "post_id": erasure.post_id,
        "state": erasure.state,
        "posts": erasure.posts,
        "erased": dict(sorted(erasure.erased.items())),
        "requested_at": erasure.created_at.isoformat(),
        "finished_at": erasure.finished_at.isoformat() if erasure.finished_at else None,
    }


def hashed(forum_id: str, author: str) -> str:
    """What an author's reference is known by once it is forgotten."""
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, f"erased\0{forum_id}\0{author}".encode(), hashlib.sha256).hexdigest()


def _some(where: Store, erasure_id: str) -> bool:
    """Erase a few posts; False where none is left."""
    with where.write() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        if erasure.state != "under_way" or erasure.post_id:
            return False
        ids = _left(session, erasure.forum_id, erasure.author, erasure.created_at)
        locked = select(Post).where(Post.id.in_(ids)).order_by(Post.id).with_for_update()
        posts = list(session.scalars(locked))
        for post in posts:
            post.deleted_as_of = max(erasure.created_at, post.deleted_as_of or erasure.created_at)
        if posts:
            _erase(session, erasure, posts)
        return bool(posts)


def _finish(where: Store, erasure_id: str) -> None:
    """Done, once the database's files hold nothing of it either."""
    if not where.overwrite_log():
        return
    with where.write() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        if erasure.state == "under_way":
            erasure.state, erasure.finished_at, erasure.author = "done", now(), ""
    # The reference was needed until just now.
    where.overwrite_log()


def _left(session: Session, forum_id: str, author: str, until: datetime) -> list[str]:
    """Some of the author's posts that came until then."""
    theirs = (Revision.forum_id == forum_id, is_named(Revision.author, author), Revision.received_at <= until)
    query = select(Revision.post_id).where(*theirs).distinct().order_by(Revision.post_id).limit(CHUNK)
    return list(session.scalars(query)) if author else []


def _erase(session: Session, erasure: Erasure, posts: list[Post]) -> None:
    """Empty the posts, which are locked, and note what went."""
    ids = [post.id for post in posts]
    items = {post_id: item_id for post_id, item_id in session.execute(items_of(ids))}
    quotes = unquote(session, erasure.forum_id, ids)
    gone = wipe(session, ids) + Counter({"quotes": quotes})
    for post in posts:
        post.deleted, post.erased, post.revision = True, True, 0
        post.erasure_id, post.erased_item = erasure.id, items.get(post.id)
        audit.write(session, "erased", post_id=post.id, erasure=erasure.id)
    erasure.posts += len(posts)
    erasure.erased = dict(Counter(erasure.erased) + gone)
    session.flush()

"""`heed erase`: what an operator has forgotten, by the same ways as a forum."""

from __future__ import annotations

import json
from datetime import timedelta

from service import audit
from service.erasure import receipts, retention
from service.errors import NotFound
from service.forums import find_forum
from service.intake import accept
from service.store import store
from service.store.models import Erasure, now


def of_author(slug: str, author: str) -> str:
    """Erase everything by an author; the receipt as JSON."""
    with store().write() as session:
        erasure = receipts.begin_author(session, find_forum(session, slug), author)
    return _finished(erasure)


def of_post(slug: str, post_id: str) -> str:
    """Erase one post. Raises NotFound for one that the forum never sent."""
    with store().write() as session:
        forum = find_forum(session, slug)
        post = accept.find(session, forum, post_id)
        if post is None:
            raise NotFound("This forum sent no such post. Name it by Heed's id or by the forum's own.")
        gone = accept.erase(session, forum, post.external_id, now())
        erasure = session.get_one(Erasure, gone.erasure_id)
    return _finished(erasure)


def old(slug: str, days: int) -> str:
    """Forget what came more than so many days ago and waits for nobody; how many posts, as JSON."""
    with store().write() as session:
        forum_id = find_forum(session, slug).id if slug else None
        audit.write(session, "erased_old", forum=forum_id, days=str(days))
    query = retention.older_than(now() - timedelta(days=days), forum_id)
    posts = sum(iter(lambda: retention.forget(store(), query), 0))
    return json.dumps({"posts": posts, "older_than_days": days, "state": _state(store().overwrite_log())})


def _finished(erasure: Erasure) -> str:
    erasure = receipts.go_on(store(), erasure.id, seconds=float("inf"))
    return json.dumps(receipts.public_json(erasure), indent=1)


def _state(done: bool) -> str:
    return "done" if done else "under_way"

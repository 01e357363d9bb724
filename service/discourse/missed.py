"""What webhooks missed: posts, edits and deletions found by asking Discourse, post by post, for what Heed does not know."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.callback.send import Answer
from service.discourse import payload
from service.discourse.api import Api, Failed
from service.errors import Invalid
from service.intake import accept, limits
from service.store import Store
from service.store.encrypted import Damaged
from service.store.models import Forum, Post, Revision, now

LONGEST_WAIT = 120.0
"""Seconds to wait at most where Discourse says that it was asked too often."""
ARCHIVE = timedelta(days=2)
"""Posts older than this are read once nothing else waits."""


class Missed:
    """One look at a forum's Discourse, back to `since`. `counts` says what was found: `read`, `deleted`, `recovered`."""

    def __init__(self, where: Store, forum: Forum, api: Api, since: datetime, wait: Callable[[float], bool]) -> None:
        self.where, self.forum, self.api, self.since, self.wait = where, forum, api, since, wait
        self.counts: Counter[str] = Counter()
        self.seen: set[str] = set()

    def look(self) -> Counter[str]:
        """Read Discourse's list of its newest posts, then ask for each post that Heed has and the list lacks. Raises Failed,
        and Unavailable where too much waits to be read.
        """
        try:
            self._look()
        except (AttributeError, Invalid, KeyError, TypeError) as error:
            kind = type(error).__name__
            raise Failed(Answer(error=f"an answer of another shape than Discourse's ({kind})")) from None
        return self.counts

    def _look(self) -> None:
        boards = {each["id"]: each["slug"] for each in self._get("/site.json").get("categories", ())}
        asked, before = now(), {}
        while page := self._get("/posts.json", **before).get("latest_posts"):
            self._take(({**each, "category_slug": boards.get(each.get("category_id"))} for each in page), asked)
            before = {"before": min(each["id"] for each in page)}
            if _oldest(page) < self.since:
                break
            asked = now()
        for number in self._lacking():
            self._ask_for(number)

    def _take(self, posts: Iterable[dict[str, Any]], asked: datetime) -> None:
        with self.where.write() as session:
            forum = session.get_one(Forum, self.forum.id)
            limits.check_room(self.where, session)
            for post in posts:
                self.seen.add(payload.external_id(self.api.address, post))
                if not payload.not_ours(post, forum):
                    self._take_one(session, forum, post, asked)

    def _take_one(self, session: Session, forum: Forum, post: dict[str, Any], asked: datetime) -> None:
        known = accept.find(session, forum, payload.external_id(self.api.address, post))
        if payload.is_gone(post):
            if known and not known.deleted:
                # As of now, whenever it went: it is gone where we look, and what comes later says so itself.
                self.counts["deleted"] += accept.delete(session, forum, known.external_id, asked).deleted
            return
        if post.get("hidden") and known is None:
            return
        if known and known.deleted and not known.erased:
            accept.recover(session, forum, known.external_id, asked)
            self.counts["recovered"] += not known.deleted
        try:
            told = payload.submission(session, forum, self.api.address, post)
        except Invalid:
            # Longer than we take, or odd: its webhook would have been refused as well.
            self.counts["refused"] += 1
            return
        if (payload.moment(post.get("created_at")) or asked) < asked - ARCHIVE:
            told = told.model_copy(update={"priority": "low"})
        self.counts["read"] += accept.accept(session, forum, told, latest_wins=True).is_new

    def _lacking(self) -> list[int]:
        """Discourse's numbers of the posts that came since then and stood in no list: deleted, hidden, or in places apart."""
        start = f"{payload.host(self.api.address)}/p/"
        mine = (Post.forum_id == self.forum.id, Post.deleted.is_(False), Post.kept, Post.revision > 0)
        query = select(Post.external_id).where(*mine, Post.created_at >= self.since).order_by(Post.id)
        with self.where.read() as session:
            ids = [each for each in session.scalars(query) if each.startswith(start) and each not in self.seen]
        return [int(each.removeprefix(start)) for each in ids]

    def _ask_for(self, number: int) -> None:
        asked, post_id = now(), f"{payload.host(self.api.address)}/p/{number}"
        try:
            post = self._get(f"/posts/{number}.json")
        except Failed as failure:
            if failure.status == 403:
                # In a place where our account may not look: its webhooks are all that we have.
                return
            if failure.status not in (404, 410):
                raise
            post = {"id": number, "deleted_at": asked.isoformat()}
        with self.where.write() as session:
            forum = session.get_one(Forum, self.forum.id)
            known = accept.find(session, forum, post_id)
            whole = known and _whole(session, known, post)
            if whole:
                limits.check_room(self.where, session)
                self._take_one(session, forum, whole, asked)

    def _get(self, path: str, **query: object) -> dict[str, Any]:
        """Ask, and once more after a pause where Discourse asks for one that `wait` grants."""
        while True:
            try:
                return self.api.get(path, **query)
            except Failed as failure:
                pause = failure.answer.retry_after
                if failure.status != 429 or not pause or pause > LONGEST_WAIT or not self.wait(pause):
                    raise


def patiently(seconds: float) -> bool:
    """Wait as long as asked to."""
    time.sleep(seconds)
    return True


def _oldest(page: list[dict[str, Any]]) -> datetime:
    return min(payload.moment(each.get("created_at")) or payload.OLDEST for each in page)


def _whole(session: Session, known: Post, post: dict[str, Any]) -> dict[str, Any] | None:
    """A post shown alone, with what Heed knows of its title and its board. None where that was damaged."""
    own = (Revision.post_id == known.id, Revision.number == known.revision)
    newest = session.scalars(select(Revision).where(*own)).one()
    if isinstance(newest.title, Damaged) and not payload.is_gone(post):
        return None
    return {**post, "topic_title": newest.title, "category_slug": newest.board}

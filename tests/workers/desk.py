"""A forum's posts as intake stores them, and what became of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from service.forums import NewForum
from service.intake.accept import accept
from service.intake.submission import Submission
from service.store import Store
from service.store.models import Delivery, Post, Revision, Verdict, now


class Desk:
    """A forum's posts: submitted, looked up, made older."""

    def __init__(self, store: Store, forum: NewForum) -> None:
        self.store = store
        self.forum = forum.forum

    def submit(self, id_: str = "1", body: str = "words", **more: object) -> str:
        """Submit a post; its id in the database."""
        with self.store.write() as session:
            forum = session.merge(self.forum, load=False)
            return accept(session, forum, Submission(id=id_, body=body, **more)).post.id

    def verdicts(self, current: bool = True) -> dict[str, list[str]]:
        """Actions of the verdicts of each post, by the forum's own id."""
        query = select(Post.external_id, Verdict.action).join(Verdict, Verdict.post_id == Post.id)
        found: dict[str, list[str]] = {}
        with self.store.read() as session:
            for id_, action in session.execute(query.where(Verdict.current) if current else query):
                found.setdefault(id_, []).append(action)
        return found

    def revisions(self) -> list[Revision]:
        with self.store.read() as session:
            return list(session.scalars(select(Revision).order_by(Revision.received_at, Revision.id)))

    def deliveries(self) -> list[Delivery]:
        with self.store.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.id)))

    def change(self, table: type, **values: object) -> None:
        """Set columns of every row."""
        with self.store.write() as session:
            session.execute(update(table).values(**values))

    def pass_time(self) -> None:
        """Every lease and every pause is over."""
        past = now() - timedelta(seconds=1)
        with self.store.write() as session:
            session.execute(update(Revision).where(Revision.lease_until.is_not(None)).values(lease_until=past))
            session.execute(update(Delivery).where(Delivery.lease_until.is_not(None)).values(lease_until=past))
            session.execute(update(Delivery).where(Delivery.state == "pending").values(due_at=past))

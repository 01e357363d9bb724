"""A forum of Heed's beside its Discourse: posts written there and taken in here, verdicts carried out there."""

from __future__ import annotations

import httpx
from desk import Desk
from discourse_api import Discourse
from discourse_forum import Post
from discourse_server import KEY
from reading import Reader
from sqlalchemy import select

from service.decisions import Decision, record_decision, undo_decision
from service.discourse import payload
from service.forums import act_through_discourse
from service.intake import accept
from service.people.accounts import add_moderator
from service.settings import Settings
from service.store.models import Delivery, Forum, Moderator, QueueItem, Verdict
from service.store.models import Post as HeedPost
from workers.classify import read_all
from workers.deliver import send_all


class Side:
    """`judge` has a text of Discourse's read and carried out; `decide` has a person decide."""

    def __init__(self, desk: Desk, discourse: Discourse, chosen: Settings) -> None:
        self.desk, self.store, self.discourse, self.chosen = desk, desk.store, discourse, chosen
        self.forum = desk.forum
        self.connect()

    def connect(self, *, flags: bool = False) -> None:
        with self.store.write() as session:
            forum = session.get_one(Forum, self.forum.id)
            act_through_discourse(session, forum, self.discourse.url, "heed", KEY, flags=flags)
            if session.scalar(select(Moderator.id)) is None:
                add_moderator(session, "robin", "correct horse battery staple")

    def take_in(self, post: Post) -> None:
        """As its webhook has it."""
        with self.store.write() as session:
            forum = session.get_one(Forum, self.forum.id)
            shown = self.discourse.show(post, "system") | {
                "topic_title": self.discourse.topics[post.topic_id]["title"],
                "category_slug": "thyroid",
            }
            told = payload.submission(session, forum, self.discourse.url, shown)
            accept.accept(session, forum, told, latest_wins=True)

    def judge(self, post: Post) -> None:
        self.take_in(post)
        self.read()
        self.send()

    def read(self) -> None:
        read_all(self.store, Reader(), self.chosen)

    def send(self) -> None:
        send_all(self.store, self.chosen)

    def decide(self, post: Post, action: str, **more: str) -> None:
        with self.store.write() as session:
            item, robin = self._item(session, post), session.scalar(select(Moderator))
            record_decision(session, item.id, item.version, robin, Decision(action, **more))
        self.send()

    def undo(self, post: Post) -> None:
        with self.store.write() as session:
            item, robin = self._item(session, post), session.scalar(select(Moderator))
            undo_decision(session, item.id, item.version, robin)
        self.send()

    def delivery(self) -> Delivery:
        """The newest callback."""
        return self.desk.deliveries()[-1]

    def verdict(self, post: Post) -> str:
        """The id of the verdict in force."""
        with self.store.read() as session:
            query = select(Verdict.id).join(HeedPost, HeedPost.id == Verdict.post_id).where(Verdict.current)
            return session.scalars(query.where(HeedPost.external_id == self.id_of(post))).one()

    def id_of(self, post: Post) -> str:
        return f"{httpx.URL(self.discourse.url).netloc.decode()}/p/{post.id}"

    def _item(self, session, post: Post) -> QueueItem:
        query = select(QueueItem).join(HeedPost, HeedPost.id == QueueItem.post_id)
        return session.scalars(query.where(HeedPost.external_id == self.id_of(post))).one()

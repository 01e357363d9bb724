"""A forum, its posts and its people on an empty database; what is promised is looked up after each step, and at the end
everything runs until nothing waits.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from desk import Desk
from forum_server import ForumServer
from hypothesis.stateful import RuleBasedStateMachine, invariant
from promise import Expected
from sqlalchemy import select

from service import appeals
from service.callback.again import turn_on
from service.callback.schedule import SCHEDULE
from service.errors import RequestError
from service.forums import add_forum
from service.people.roles import set_role
from service.settings import settings
from service.store import Store
from service.store.models import Appeal, Base, Delivery, Forum, Moderator, Post, QueueItem, Revision, Verdict
from service.urgency import CRISIS_LANE
from service.verdicts import CARE, public_json

START = datetime(2026, 11, 20, 21, tzinfo=UTC)
NAMES = ("robin", "sam", "kim")
SECRET = "zq7"
"""Begins every word that is the author's own."""
EVERYTHING = {table: select(table) for table in (Post, Revision, Verdict, QueueItem, Appeal, Delivery)}
WORDS = {table.name: select(table) for table in Base.metadata.sorted_tables}
TAKEN = 204
MOST_ATTEMPTS = len(SCHEDULE)


class History(RuleBasedStateMachine):
    """What rules of others work on, and what must hold."""

    def __init__(self, store: Store, server: ForumServer) -> None:
        super().__init__()
        self.store, self.server = store, server
        self.chosen = settings().model_copy(
            update={"batch_posts": 2, "lease_seconds": 3600, "max_attempts": 3, "allow_private_callbacks": True}
        )
        self.posts = {id_: Expected(id_) for id_ in ("a", "b")}
        self.hands, self.rounds = [], []
        self.told: dict[str, dict[tuple[str, int], set[str]]] = defaultdict(lambda: defaultdict(set))
        self.last_told: dict[str, str] = {}
        self.numbers = count(1)
        self.pids = count(5_000_000)
        self.minute = 0
        self.policy = ""
        self.has_news = self.was_gone = False
        self.shown: dict[str, list[str]] = {id_: [] for id_ in self.posts}
        """What the forum was ever told to show of each."""
        server.status, server.received = 204, []
        with store.write() as session:
            new = add_forum(session, "harbour", "Harbour", callback_url=server.url)
            self.people = {name: Moderator(name=name) for name in NAMES}
            session.add_all(self.people.values())
            session.flush()
            for person in self.people.values():
                set_role(session, person, None, "moderator")
        self.desk = Desk(store, new)
        self.forum_id = new.forum.id

    @invariant()
    def what_stands_is_what_was_promised(self) -> None:
        rows = defaultdict(lambda: defaultdict(list))
        with self.store.read() as session:
            posts = {post.external_id: post for post in session.scalars(EVERYTHING[Post])}
            for table in (Revision, Verdict, QueueItem, Appeal, Delivery):
                for row in session.scalars(EVERYTHING[table]):
                    rows[row.post_id][table].append(row)
            for id_, post in posts.items():
                self._check(self.posts[id_], post, rows[post.id])
                assert (public_json(session, post)["status"] == "done") is self.posts[id_].stands
            for expected in self.posts.values():
                if expected.erased:
                    assert not any(rows[posts[expected.id].id].values())
                    self._no_word_of(session, expected)

    def _check(self, expected: Expected, post: Post, rows: dict[type, list]) -> None:
        facts = (post.revision, post.deleted, post.erased)
        assert facts == (expected.revision, expected.deleted, expected.erased)
        newest = next((each for each in rows[Revision] if each.number == post.revision), None)
        assert all(each.state == "superseded" for each in rows[Revision] if each is not newest)
        if expected.revision:
            assert newest.body == expected.body
            assert newest.state in (
                "deleted" if post.deleted else "done" if expected.standing else ("pending", "leased")
            )
        current = [verdict for verdict in rows[Verdict] if verdict.current]
        waiting = [each.verdict_id for each in rows[Delivery] if each.state == "pending" and each.event != CARE]
        assert len(current) <= 1
        if expected.stands:
            wanted, found = expected.standing[-1], current[0]
            assert (found.revision_id, found.action, found.decided_by) == (newest.id, wanted.action, wanted.by)
            assert found.document == wanted.document
            assert waiting in ([], [found.id])
        else:
            assert not waiting
        self._check_item(expected, next(iter(rows[QueueItem]), None))
        assert {appeal.external_id for appeal in rows[Appeal]} == expected.appeals.keys()
        open_ = [appeal.external_id for appeal in rows[Appeal] if appeal.state == "open"]
        assert open_ == [id_ for id_ in [expected.open_appeal] if id_]

    def _check_item(self, expected: Expected, item: QueueItem | None) -> None:
        is_open = item is not None and item.state == "open"
        if expected.waits_to_be_read():
            assert not is_open or item.lane == CRISIS_LANE
        else:
            assert is_open is expected.waits_for_people
        if is_open:
            assert (appeals.TOPIC in item.labels.split()) is bool(expected.open_appeal)

    def _no_word_of(self, session, expected: Expected) -> None:
        for table, rows in WORDS.items():
            assert f"{SECRET}{expected.id}" not in repr(session.execute(rows).all()), table

    def _look_at_what_came(self) -> None:
        """Each callback speaks of what stands at this moment, under one id."""
        came, self.server.received = self.server.received, []
        with self.store.read() as session:
            for request in came:
                told = json.loads(request.body)
                row = session.get(Delivery, request.headers["webhook-id"])
                assert row is not None and row.event == told["type"]
                if row.event == CARE:
                    continue
                data = told["data"]
                expected, verdict = self.posts[data["external_id"]], session.get(Verdict, data["verdict_id"])
                assert expected.stands and verdict.current, "told of what stands no more"
                assert (data["action"], data["revision"]) == (expected.standing[-1].action, expected.revision)
                assert ("body" in data) or SECRET not in request.body.decode()
                if "body" in data:
                    assert data["body"] == expected.standing[-1].document.get("published", expected.body)
                ids = self.told[expected.id][verdict.id, expected.recovered]
                ids.add(row.id)
                assert len(ids) == 1, "one verdict under two ids"
                if self.server.status == TAKEN:
                    self.last_told[expected.id] = verdict.id

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self._run_to_the_end()

    def _run_to_the_end(self) -> None:
        rounds = 0
        while any(post.waits_to_be_read() for post in self.posts.values()):
            self.time_passes()
            self.read_all()
            assert (rounds := rounds + 1) <= self.chosen.max_attempts + 1, "a post is never read"
        if self._off():
            self._does(True, turn_on)
        self.time_passes()
        self.deliver_all()
        self.what_stands_is_what_was_promised()
        deliveries = self.desk.deliveries()
        assert not [each for each in deliveries if each.state == "pending"]
        given_up = {
            each.verdict_id for each in deliveries if each.state == "given_up" and each.attempts == MOST_ATTEMPTS
        }
        for post in self.posts.values():
            if post.stands and (verdict := self._current(post.id)).id not in given_up:
                assert self.last_told.get(post.id) == verdict.id, "the forum was not told"

    def read_all(self) -> None:
        """Readers in good health read all that may be read now."""
        raise NotImplementedError

    def deliver_all(self) -> None:
        """Senders in good health tell a forum that answers all that is to be told."""
        raise NotImplementedError

    def time_passes(self) -> None:
        """Every lease and every pause is over."""
        self.desk.pass_time()
        for post in self.posts.values():
            post.blocked = ""

    def _are(self, condition: Callable[[Expected], object]) -> list[Expected]:
        return [post for post in self.posts.values() if condition(post)]

    def _does(self, allowed: bool, act: Callable) -> bool:
        """Act in one transaction: refused exactly where it should be. Whether it was done."""
        try:
            with self.store.write() as session:
                act(session, self._forum(session))
        except RequestError as error:
            assert not allowed, f"refused: {error}"
            return False
        assert allowed, "not refused"
        self.has_news = True
        return True

    def _forum(self, session) -> Forum:
        return session.get_one(Forum, self.forum_id)

    def _off(self) -> bool:
        with self.store.read() as session:
            return bool(self._forum(session).callback_disabled)

    def _item(self, post: str) -> QueueItem | None:
        with self.store.read() as session:
            return session.scalar(select(QueueItem).join(Post).where(Post.external_id == post))

    def _current(self, post: str) -> Verdict | None:
        with self.store.read() as session:
            newest = select(Verdict).join(Post, Post.id == Verdict.post_id).join(Revision)
            return session.scalar(
                newest.where(Post.external_id == post, Verdict.current, Revision.number == Post.revision)
            )

    @property
    def _everybody(self) -> set[str]:
        return {person.id for person in self.people.values()}

    def _pick(self, things: list, which: int):
        return things[which % len(things)]

"""Whatever happens to posts, and whatever dies, in whatever order: each ends with one verdict, told to its forum.

Hypothesis makes the histories up; promise.py says what must come of them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

import pytest
from desk import Desk
from forum_server import ForumServer, forum_server
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from promise import DISTRESS, FAILED, LABELS, POLICIES, Expected, Standing
from reading import Reader
from sqlalchemy import select
from state_machines import emptied, run

from classifiers.findings import Findings
from service import appeals, care
from service.callback.again import turn_on
from service.callback.schedule import SCHEDULE
from service.callback.send import Answer
from service.decisions import ACTIONS, UPHOLD, Decision, record_decision, undo_decision
from service.errors import RequestError
from service.forums import add_forum
from service.intake import accept
from service.intake.submission import Submission
from service.people.roles import set_role
from service.policy import versions
from service.settings import settings as heed_settings
from service.store import Store
from service.store.models import Appeal, Base, Delivery, Forum, Moderator, Post, QueueItem, Revision, Verdict
from service.urgency import CRISIS_LANE
from service.verdicts import CARE, current_verdict, public_json
from workers import classify, deliver
from workers.deliver import GONE, Parcel
from workers.lease import process_name, release_process

START = datetime(2026, 11, 20, 21, tzinfo=UTC)
POSTS = st.sampled_from(["a", "b"])
WHO = st.sampled_from(["robin", "sam", "kim"])
WHICH = st.integers(0, 3)
LATE = st.integers(0, 2)
SECRET = "zq7"
"""Begins every word that is the author's own."""
EVERYTHING = {table: select(table) for table in (Post, Revision, Verdict, QueueItem, Appeal, Delivery)}
TAKEN = 204
MOST_ATTEMPTS = len(SCHEDULE)
WORDS = {table.name: select(table) for table in Base.metadata.sorted_tables}


class Died(BaseException):
    """A process ends here, as by kill -9: nothing in it that handles errors has a say."""


@dataclass
class Hand:
    """A batch that a worker holds, from its claim to its end."""

    owner: str
    pid: int
    claimed: list[Revision]
    policy: str
    turns: dict[str, int]
    read: list[tuple[Revision, Findings]] | None = None


@dataclass
class Round:
    """Callbacks that a worker holds."""

    owner: str
    pid: int
    parcels: list[Parcel]
    answers: list[tuple[Parcel, Answer | None]] = field(default_factory=list)


class History(RuleBasedStateMachine):
    """A forum, its authors, moderators, workers that die or freeze, and what must hold after each step."""

    def __init__(self, store: Store, server: ForumServer) -> None:
        super().__init__()
        self.store, self.server = store, server
        self.chosen = heed_settings().model_copy(
            update={"batch_posts": 2, "lease_seconds": 3600, "max_attempts": 3, "allow_private_callbacks": True}
        )
        self.posts = {id_: Expected(id_) for id_ in ("a", "b")}
        self.hands: list[Hand] = []
        self.rounds: list[Round] = []
        self.told: dict[str, dict[tuple[str, int], set[str]]] = defaultdict(lambda: defaultdict(set))
        self.last_told: dict[str, str] = {}
        self.numbers = count(1)
        self.pids = count(5_000_000)
        self.minute = 0
        self.policy = ""
        self.shown: list[tuple[str, str, str]] = []
        server.status, server.received = 204, []
        with store.write() as session:
            new = add_forum(session, "harbour", "Harbour", callback_url=server.url)
            self.people = {name: Moderator(name=name) for name in ("robin", "sam", "kim")}
            session.add_all(self.people.values())
            session.flush()
            for person in self.people.values():
                set_role(session, person, None, "moderator")
        self.desk = Desk(store, new)
        self.forum_id = new.forum.id

    # What the forum sends

    @rule(post=POSTS, up=st.integers(-1, 1), label=st.sampled_from(LABELS), late=LATE, latest_wins=st.booleans())
    def submit(self, post: str, up: int, label: str, late: int, latest_wins: bool) -> None:
        revision = max(1, self.posts[post].revision + up)
        self._submit(post, revision, label, f"{SECRET}{post} says {label} here", late, latest_wins)

    @precondition(lambda self: self._are(Expected.is_known))
    @rule(which=WHICH, up=st.integers(0, 1))
    def send_the_same_again(self, which: int, up: int) -> None:
        post = self._pick(self._are(Expected.is_known), which)
        self._submit(post.id, post.revision + up, post.label, post.body, 0, False)

    @precondition(lambda self: self.shown)
    @rule(which=WHICH, up=st.integers(0, 1), latest_wins=st.booleans())
    def send_what_we_told_to_show(self, which: int, up: int, latest_wins: bool) -> None:
        id_, label, body = self._pick(self.shown, which)
        self._submit(id_, max(1, self.posts[id_].revision + up), label, body, 0, latest_wins)

    def _submit(self, post: str, revision: int, label: str, body: str, late: int, latest_wins: bool) -> None:
        self.minute += 1
        minute = self.minute - late
        sent = Submission(id=post, revision=revision, body=body, created_at=START + timedelta(minutes=minute))
        taken = self.posts[post].accept(revision, label, body, sent.digest, minute, latest_wins=latest_wins)
        self._does(taken, lambda session, forum: accept.accept(session, forum, sent, latest_wins=latest_wins))

    @rule(post=POSTS, late=LATE)
    def delete(self, post: str, late: int) -> None:
        self.posts[post].delete(self._news(accept.delete, post, late))

    @rule(post=POSTS, late=LATE)
    def recover(self, post: str, late: int) -> None:
        self.posts[post].recover(self._news(accept.recover, post, late))

    @precondition(lambda self: self.minute > 3)
    @rule(post=POSTS, late=LATE)
    def erase(self, post: str, late: int) -> None:
        self.posts[post].erase(self._news(accept.erase, post, late))

    def _news(self, happened: Callable, post: str, late: int) -> int:
        self.minute += 1
        as_of = self.minute - late
        with self.store.write() as session:
            happened(session, self._forum(session), post, START + timedelta(minutes=as_of))
        return as_of

    @precondition(lambda self: self._are(Expected.is_read))
    @rule(which=WHICH, number=st.integers(1, 4))
    def appeal(self, which: int, number: int) -> None:
        expected, id_ = self._pick(self._are(Expected.is_read), which), f"appeal-{number}"
        allowed = id_ in expected.appeals or expected.may_appeal(id_)

        def begin(session, forum) -> None:
            row = accept.find(session, forum, expected.id)
            text = f"{SECRET}{expected.id} disagrees"
            appeals.begin(session, row, current_verdict(session, row), id_, text, None)

        known = id_ in expected.appeals
        if self._does(allowed, begin) and not known:
            expected.appeal(id_)

    @precondition(lambda self: self._are(Expected.is_appealed))
    @rule(which=WHICH)
    def take_an_appeal_back(self, which: int) -> None:
        expected = self._pick(self._are(Expected.is_appealed), which)
        id_ = expected.open_appeal

        def take_back(session, forum) -> None:
            row = accept.find(session, forum, expected.id)
            found = appeals.find(session, row, id_)
            appeals.take_back(session, row, current_verdict(session, row), found)

        self._does(True, take_back)
        expected.appeals[id_].state = "withdrawn"

    # What people do

    @precondition(lambda self: self._are(Expected.is_read))
    @rule(which=WHICH, name=WHO, action=st.sampled_from([*ACTIONS, UPHOLD]), stale=st.sampled_from([0, 0, 0, 1]))
    def decide(self, which: int, name: str, action: str, stale: int) -> None:
        expected, who = self._pick(self._are(Expected.is_read), which), self.people[name]
        item = self._item(expected.id)
        if item is None:
            return
        left_out = (f"says {expected.label}",) if action == "redact" else ()
        chosen = Decision(action, note=f"{SECRET}{expected.id} noted", left_out=left_out)
        made: list[Verdict] = []

        def decide(session, forum) -> None:
            made.append(record_decision(session, item.id, item.version - stale, who, chosen))

        before = expected.open_appeal
        if not self._does(self._may_decide(expected, who, action, stale), decide):
            return
        verdict = made[0]
        if before:
            expected.appeals[before].state = "settled"
        wanted = expected.standing[-1].action if action == UPHOLD else ACTIONS[action]
        assert verdict.action == wanted
        if action == "redact":
            expected.told_to_show.add(verdict.document["published"])
            self.shown.append((expected.id, "calm", verdict.document["published"]))
        expected.standing.append(Standing(verdict.action, who.id, verdict.document, before))

    def _may_decide(self, post: Expected, who: Moderator, action: str, stale: int) -> bool:
        if stale or not post.waits_for_people:
            return False
        if (appeal := post.open_appeal) and post.is_closed_to(appeal, who.id, self._everybody):
            return False
        if action == UPHOLD:
            return bool(appeal)
        distress = post.label in DISTRESS and post.standing[0].document["not_checked"] is None
        if action == "redact":
            return not distress and not self._off()
        return not (action == "remove" and distress)

    @precondition(lambda self: self._are(Expected.is_decided))
    @rule(which=WHICH, name=WHO)
    def undo(self, which: int, name: str) -> None:
        expected, who = self._pick(self._are(Expected.is_decided), which), self.people[name]
        item = self._item(expected.id)
        decided = expected.stands and expected.standing[-1].by is not None and not expected.open_appeal
        settled = expected.standing[-1].settled if decided else ""
        allowed = decided and not (settled and expected.is_closed_to(settled, who.id, self._everybody))
        if not self._does(allowed, lambda session, forum: undo_decision(session, item.id, item.version, who)):
            return
        expected.standing.pop()
        if settled:
            expected.appeals[settled].state = "open"

    @rule(toml=st.sampled_from(sorted(POLICIES)), name=WHO)
    def change_the_policy(self, toml: str, name: str) -> None:
        def save(session, forum) -> None:
            instead_of = versions.policy_of(forum).version
            versions.save(session, forum, toml, instead_of=instead_of, by=self.people[name], why="for the test")

        self._does(True, save)
        self.policy = toml

    @rule(post=POSTS, name=WHO)
    def send_help(self, post: str, name: str) -> None:
        item = self._item(post)
        if item is not None:
            allowed = not self._off()
            self._does(allowed, lambda session, forum: care.send_help(session, item.id, self.people[name], "Call us."))

    # What workers do

    @rule(later=st.booleans(), reads=st.booleans())
    def claim(self, later: bool, reads: bool) -> None:
        if later:
            self.time_passes()
        if self._claim() and reads:
            self._read(self.hands[-1])

    def _claim(self) -> bool:
        pid = next(self.pids)
        owner = f"{process_name(pid)}{next(self.numbers)}"
        with self.store.write() as session:
            claimed = classify.claim(session, owner, self.chosen)
        ids = self._posts_of(claimed)
        assert len(set(ids)) == len(ids)
        assert claimed or not any(post.waits_to_be_read and not post.blocked for post in self.posts.values())
        for revision, id_ in zip(claimed, ids, strict=True):
            post = self.posts[id_]
            assert post.waits_to_be_read and post.blocked != "leased"
            assert (revision.body, revision.number) == (post.body, post.revision)
            post.claimed(owner)
            assert revision.attempts == post.claims
        if claimed:
            turns = {id_: self.posts[id_].turn for id_ in ids}
            self.hands.append(Hand(owner, pid, claimed, self.policy, turns))
        return bool(claimed)

    @precondition(lambda self: any(hand.read is None for hand in self.hands))
    @rule(which=WHICH)
    def read(self, which: int) -> None:
        hand = self._pick([hand for hand in self.hands if hand.read is None], which)
        self._read(hand)

    def _read(self, hand: Hand) -> None:
        reader = Reader()
        hand.read = classify._read(self.store, reader, hand.owner, hand.claimed, self.chosen)
        ids = self._posts_of(hand.claimed)
        for id_ in ids if reader.batches else ():
            post, turn = self.posts[id_], hand.turns[id_]
            post.readings[turn] = post.readings.get(turn, 0) + 1
            assert post.readings[turn] <= self.chosen.max_attempts
        if not hand.read:
            self.hands.remove(hand)
            self._let_go(hand, "paused")

    @precondition(lambda self: any(hand.read is not None for hand in self.hands))
    @rule(which=WHICH)
    def conclude(self, which: int) -> None:
        hand = self._pick([hand for hand in self.hands if hand.read is not None], which)
        self._conclude(hand, died=False)

    @precondition(lambda self: any(hand.read is not None for hand in self.hands))
    @rule(which=WHICH, place=st.integers(0, 2), fails=st.sampled_from([Died, RuntimeError]), late=st.booleans())
    def conclude_and_break(self, which: int, place: int, fails: type[BaseException], late: bool) -> None:
        """The process dies, or something fails once, before or after a verdict is written and before it is committed."""
        hand = self._pick([hand for hand in self.hands if hand.read is not None], which)
        with failing(place, fails, late) as failed:
            self._conclude(hand, died=True)
        if failed and fails is RuntimeError:
            # What was alone in its transaction is put off, the others are written one by one.
            self._let_go(hand, "paused")

    def _conclude(self, hand: Hand, died: bool) -> None:
        self.hands.remove(hand)
        mine = self._held_by(hand)
        claims = {post.id: post.claims for post in mine}
        read = {id_: revision for (revision, _), id_ in zip(hand.read, self._posts_of_read(hand), strict=True)}
        try:
            classify._conclude(self.store, hand.owner, hand.read)
        except Died:
            pass
        for post in mine:
            if (verdict := self._current(post.id)) is None or post.id not in read:
                assert died or post.id not in read
                continue
            failed = verdict.document["not_checked"] == "failed"
            crisis = {"crisis": "escalate"}
            wanted = FAILED if failed else (POLICIES[hand.policy] | crisis).get(post.label)
            assert verdict.action == wanted and verdict.decided_by is None
            assert not failed or claims[post.id] > self.chosen.max_attempts
            post.standing = [Standing(verdict.action, None, verdict.document)]
            post.free()

    @precondition(lambda self: self.hands)
    @rule(which=WHICH, found=st.booleans())
    def a_reader_dies(self, which: int, found: bool) -> None:
        hand = self._pick(self.hands, which)
        self.hands.remove(hand)
        if found:
            with self.store.write() as session:
                release_process(session, hand.pid)
            for post in self._held_by(hand):
                post.free("paused" if post.claims > 1 else "")

    @rule()
    def read_all(self) -> None:
        """A worker in good health."""
        while self._claim():
            hand = self.hands[-1]
            self._read(hand)
            if hand.read:
                self._conclude(hand, died=False)

    @rule()
    def time_passes(self) -> None:
        self.desk.pass_time()
        for post in self.posts.values():
            post.blocked = ""

    # What becomes of callbacks

    @rule(later=st.booleans())
    def take_callbacks(self, later: bool) -> None:
        if later:
            self.time_passes()
        self._take_callbacks()

    def _take_callbacks(self) -> bool:
        pid = next(self.pids)
        owner = f"{process_name(pid)}{next(self.numbers)}"
        with self.store.write() as session:
            _, parcels = deliver.claim(session, owner, self.chosen)
        if parcels:
            self.rounds.append(Round(owner, pid, parcels))
        return bool(parcels)

    @precondition(lambda self: any(not round.answers for round in self.rounds))
    @rule(which=WHICH, status=st.sampled_from([TAKEN, TAKEN, 500, GONE]))
    def send(self, which: int, status: int) -> None:
        self._send(self._pick([round for round in self.rounds if not round.answers], which), status)

    def _send(self, round: Round, status: int) -> None:
        self.server.status = status
        round.answers = list(deliver._answers(self.store, round.owner, round.parcels, self.chosen))
        self._look_at_what_came()

    @precondition(lambda self: any(round.answers for round in self.rounds))
    @rule(which=WHICH)
    def record(self, which: int) -> None:
        self._record(self._pick([round for round in self.rounds if round.answers], which))

    def _record(self, round: Round) -> None:
        self.rounds.remove(round)
        for parcel, answer in round.answers:
            with self.store.write() as session:
                deliver.record(session, round.owner, parcel, answer)

    @precondition(lambda self: self.rounds)
    @rule(which=WHICH, found=st.booleans())
    def a_sender_dies(self, which: int, found: bool) -> None:
        round = self._pick(self.rounds, which)
        self.rounds.remove(round)
        if found:
            with self.store.write() as session:
                release_process(session, round.pid)

    @rule()
    def deliver_all(self) -> None:
        """A worker in good health, and a forum that answers."""
        while self._take_callbacks():
            round = self.rounds[-1]
            self._send(round, TAKEN)
            self._record(round)

    @rule()
    def turn_callbacks_on(self) -> None:
        with self.store.write() as session:
            turn_on(session, self._forum(session))

    @rule(which=st.integers(0, 9))
    def replay(self, which: int) -> None:
        deliveries = self.desk.deliveries()
        if not deliveries:
            return
        row = self._pick(deliveries, which)
        with self.store.read() as session:
            stands = deliver._stands(session, session.get(Delivery, row.id))
        self._does(stands, lambda session, forum: deliver.replay(session, row.id))

    # What must hold

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
        if expected.waits_to_be_read:
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
        while any(post.waits_to_be_read for post in self.posts.values()):
            self.time_passes()
            self.read_all()
            assert (rounds := rounds + 1) <= self.chosen.max_attempts + 1, "a post is never read"
        if self._off():
            self.turn_callbacks_on()
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

    # Helpers

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

    def _held_by(self, hand: Hand) -> list[Expected]:
        return [post for post in self.posts.values() if post.holder == hand.owner and post.waits_to_be_read]

    def _let_go(self, hand: Hand, blocked: str) -> None:
        for post in self._held_by(hand):
            post.free(blocked)

    def _posts_of(self, revisions: list[Revision]) -> list[str]:
        return [revision.post.external_id for revision in revisions]

    def _posts_of_read(self, hand: Hand) -> list[str]:
        return self._posts_of([revision for revision, _ in hand.read])

    def _pick(self, things: list, which: int):
        return things[which % len(things)]


@contextmanager
def failing(place: int, error: type[BaseException], late: bool) -> Iterator[list[int]]:
    """The verdict at `place` is not written, or is and not committed."""
    real, calls, failed = classify.record_verdict, count(), []

    def record(*arguments):
        if next(calls) != place:
            return real(*arguments)
        failed.append(place)
        if late:
            real(*arguments)
        raise error

    with patch.object(classify, "record_verdict", record):
        yield failed


@pytest.fixture
def server(monkeypatch) -> Iterator[ForumServer]:
    # A worker looks again before each callback: between a claim and what follows anything may have happened here.
    monkeypatch.setattr(deliver, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(classify, "TRANSACTION_POSTS", 1)
    with forum_server() as running:
        yield running


def test_every_accepted_post_gets_one_verdict_and_its_callback(_sqlite_template, tmp_path, server):
    run(lambda store: History(store, server), emptied(_sqlite_template, tmp_path), examples=30, steps=50)


def test_the_same_on_postgresql(emptied_postgres, server):
    store = Store(emptied_postgres())

    def empty() -> Store:
        emptied_postgres()
        return store

    run(lambda store: History(store, server), empty, examples=4, steps=50)
    store.close()

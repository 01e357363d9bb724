"""What workers do: claim, read, conclude, send, record; and how they freeze, die and come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from unittest.mock import patch

from history import TAKEN, History
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from promise import FAILED, POLICIES, Expected, Standing
from reading import Reader

from classifiers.findings import Findings
from service.callback.again import turn_on
from service.callback.send import Answer
from service.recording import Recorder
from service.store.models import Delivery, Revision
from workers import classify, deliver
from workers.deliver import GONE, Parcel
from workers.lease import process_name, release_process

WHICH = st.integers(0, 3)
MOSTLY = st.sampled_from([True, True, False])
FAR = st.sampled_from([1, 2, 3])
"""How far a worker gets before it freezes: it has claimed, or read or sent, or finished."""


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


class Workers(History):
    """As many as it takes; each may be frozen between any two steps, and go on when others have long taken over."""

    @precondition(lambda self: self._are(Expected.waits_to_be_read))
    @rule(later=MOSTLY, far=FAR)
    def claim(self, later: bool, far: int) -> None:
        if later:
            self.time_passes()
        hand = self._claim()
        if hand and far > 1:
            self._read(hand)
        if hand and far > 2 and hand.read:
            self._conclude(hand)

    @precondition(lambda self: self.hands)
    @rule(
        which=WHICH,
        breaks=st.sampled_from([None, None, Died, RuntimeError]),
        place=st.integers(0, 1),
        late=st.booleans(),
    )
    def go_on(self, which: int, breaks: type[BaseException] | None, place: int, late: bool) -> None:
        """Read, or write: there the process may die or something fail, once, before or after a verdict is written and in
        any case before it is committed.
        """
        hand = self._pick(self.hands, which)
        if hand.read is None:
            self._read(hand)
        elif breaks is None:
            self._conclude(hand)
        else:
            with failing(place, breaks, late) as failed:
                self._conclude(hand, breaks=True)
            if failed and breaks is RuntimeError:
                self._let_go(hand, "paused")

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

    @precondition(lambda self: self.has_news)
    @rule(later=MOSTLY, far=FAR, status=st.sampled_from([TAKEN, TAKEN, 500, GONE]))
    def take_callbacks(self, later: bool, far: int, status: int) -> None:
        if later:
            self.time_passes()
        round = self._take_callbacks()
        self.has_news = round is not None or not later
        if round and far > 1:
            self._send(round, status)
        if round and far > 2:
            self._record(round)

    @precondition(lambda self: self.rounds)
    @rule(which=WHICH, status=st.sampled_from([TAKEN, TAKEN, 500, GONE]))
    def go_on_sending(self, which: int, status: int) -> None:
        round = self._pick(self.rounds, which)
        if round.answers:
            self._record(round)
        else:
            self._send(round, status)

    @precondition(lambda self: self.rounds)
    @rule(which=WHICH, found=st.booleans())
    def a_sender_dies(self, which: int, found: bool) -> None:
        round = self._pick(self.rounds, which)
        self.rounds.remove(round)
        self.has_news = True
        if found:
            with self.store.write() as session:
                release_process(session, round.pid)

    @precondition(lambda self: self.was_gone or (self.told and not self.has_news))
    @rule(which=st.integers(0, 9))
    def tell_again(self, which: int) -> None:
        """Everything, where callbacks were off; else one callback of any age."""
        if self.was_gone:
            self.was_gone = False
            self._does(True, turn_on)
        elif deliveries := self.desk.deliveries():
            row = self._pick(deliveries, which)
            with self.store.read() as session:
                stands = deliver._stands(session, session.get(Delivery, row.id))
            self._does(stands, lambda session, forum: deliver.replay(session, row.id))

    def read_all(self) -> None:
        while hand := self._claim():
            self._read(hand)
            if hand.read:
                self._conclude(hand)

    def deliver_all(self) -> None:
        while round := self._take_callbacks():
            self._send(round, TAKEN)
            self._record(round)

    def _claim(self) -> Hand | None:
        pid = next(self.pids)
        owner = f"{process_name(pid)}{next(self.numbers)}"
        with self.store.write() as session:
            claimed = classify.claim(session, owner, self.chosen)
        ids = self._posts_of(claimed)
        assert len(set(ids)) == len(ids)
        assert claimed or not any(post.waits_to_be_read() and not post.blocked for post in self.posts.values())
        for revision, id_ in zip(claimed, ids, strict=True):
            post = self.posts[id_]
            assert post.waits_to_be_read() and post.blocked != "leased"
            assert (revision.body, revision.number) == (post.body, post.revision)
            post.claimed(owner)
            assert revision.attempts == post.claims
        if not claimed:
            return None
        hand = Hand(owner, pid, claimed, self.policy, {id_: self.posts[id_].turn for id_ in ids})
        self.hands.append(hand)
        return hand

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

    def _conclude(self, hand: Hand, breaks: bool = False) -> None:
        self.hands.remove(hand)
        self.has_news = True
        mine = self._held_by(hand)
        claims = {post.id: post.claims for post in mine}
        with suppress(Died):
            classify._conclude(self.store, hand.owner, hand.read)
        for post in mine:
            verdict = self._current(post.id)
            assert verdict or breaks
            if verdict is None:
                continue
            failed = verdict.document["not_checked"] == "failed"
            assert verdict.action == (FAILED if failed else POLICIES[hand.policy][post.label])
            assert verdict.decided_by is None and failed is (claims[post.id] > self.chosen.max_attempts)
            post.standing = [Standing(verdict.action, None, verdict.document)]
            post.free()

    def _take_callbacks(self) -> Round | None:
        pid = next(self.pids)
        owner = f"{process_name(pid)}{next(self.numbers)}"
        with self.store.write() as session:
            _, parcels = deliver.claim(session, owner, self.chosen)
        if not parcels:
            return None
        round = Round(owner, pid, parcels)
        self.rounds.append(round)
        return round

    def _send(self, round: Round, status: int) -> None:
        self.server.status = status
        round.answers = list(deliver._answers(self.store, round.owner, round.parcels, self.chosen))
        self._look_at_what_came()

    def _record(self, round: Round) -> None:
        self.rounds.remove(round)
        self.has_news = True
        for parcel, answer in round.answers:
            self.was_gone |= answer is not None and answer.status == GONE
            with self.store.write() as session:
                deliver.record(session, round.owner, parcel, answer)

    def _held_by(self, hand: Hand) -> list[Expected]:
        return [post for post in self.posts.values() if post.holder == hand.owner and post.waits_to_be_read()]

    def _let_go(self, hand: Hand, blocked: str) -> None:
        for post in self._held_by(hand):
            post.free(blocked)

    def _posts_of(self, revisions: list[Revision]) -> list[str]:
        return [revision.post.external_id for revision in revisions]


@contextmanager
def failing(place: int, error: type[BaseException], late: bool) -> Iterator[list[int]]:
    """The verdict at `place` is not written, or is and not committed."""
    real, calls, failed = Recorder.record, count(), []

    def record(recorder, *arguments):
        if next(calls) != place:
            return real(recorder, *arguments)
        failed.append(place)
        if late:
            real(recorder, *arguments)
            recorder.write()
        raise error

    with patch.object(Recorder, "record", record):
        yield failed

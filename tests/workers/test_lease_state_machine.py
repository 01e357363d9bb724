"""Leases among workers that freeze, die and are buried, on machines whose clocks are minutes apart: of each revision one
worker records, and nothing stays held for good.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

from desk import Desk
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from reading import Reader
from sqlalchemy import func, select
from state_machines import emptied, only_when_asked, run

from service.forums import add_forum
from service.settings import settings
from service.store import Store
from service.store.models import Revision, Verdict
from workers import classify, lease

LEASE = 60
HERE, ELSEWHERE = os.uname().nodename[:40], "another-machine"
WORKERS = st.integers(0, 3)
MINUTES_APART = 10
MOST_ATTEMPTS = 4


@dataclass
class Worker:
    """A process of a machine, by that machine's clock; `owner` names the batch that it believes to hold."""

    machine: str
    ahead: timedelta
    process: subprocess.Popen
    owner: str = ""
    claimed: list[Revision] = field(default_factory=list)


@dataclass
class Held:
    """What stands of a revision: who has it until when, as that was written, and how often it was claimed."""

    owner: str = ""
    until: datetime | None = None
    claims: int = 0
    done: bool = False

    def is_free(self, moment: datetime) -> bool:
        return not self.done and (self.until is None or self.until <= moment)


class Leases(RuleBasedStateMachine):
    """Four workers on two machines, and posts."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.chosen = settings().model_copy(
            update={"batch_posts": 2, "lease_seconds": LEASE, "max_attempts": MOST_ATTEMPTS}
        )
        with store.write() as session:
            self.desk = Desk(store, add_forum(session, "harbour", "Harbour"))
        self.passed = timedelta()
        self.numbers = count()
        self.held: dict[str, Held] = {}
        self.dead: list[int] = []
        self.workers: list[Worker] = []

    @initialize(ahead=st.integers(-MINUTES_APART, MINUTES_APART))
    def start(self, ahead: int) -> None:
        for machine, clock in ((HERE, 0), (HERE, 0), (ELSEWHERE, ahead), (ELSEWHERE, ahead)):
            self.workers.append(Worker(machine, timedelta(minutes=clock), a_process()))

    @rule()
    def submit(self) -> None:
        self.desk.submit(str(next(self.numbers)))
        for revision in self.desk.revisions():
            self.held.setdefault(revision.id, Held())

    @rule(which=WORKERS)
    def claim(self, which: int) -> None:
        worker = self.workers[which]
        owner = f"{worker.machine}:{worker.process.pid}:{next(self.numbers)}"
        moment = self._now(worker)
        with self._clock_of(worker), self.store.write() as session:
            claimed = classify.claim(session, owner, self.chosen)
        assert claimed or not any(held.is_free(moment) for held in self.held.values())
        for revision in claimed:
            held = self.held[revision.id]
            assert held.is_free(moment)
            assert held.claims == 0 or len(claimed) == 1
            held.owner, held.until, held.claims = owner, moment + timedelta(seconds=LEASE), held.claims + 1
        worker.owner, worker.claimed = owner, claimed

    @rule(which=WORKERS)
    def renew(self, which: int) -> None:
        worker = self.workers[which]
        with self._clock_of(worker), self.store.write() as session:
            lease._extend(session, worker.owner, LEASE)
        for held in self._of(worker.owner):
            held.until = self._now(worker) + timedelta(seconds=LEASE)

    @rule(which=WORKERS)
    def conclude(self, which: int) -> None:
        """It may have been frozen for long: what is another's by now it leaves alone."""
        worker = self.workers[which]
        if not worker.claimed:
            return
        mine = self._of(worker.owner)
        with self._clock_of(worker):
            read = classify._read(self.store, Reader(), worker.owner, worker.claimed, self.chosen)
            assert classify._conclude(self.store, worker.owner, read) == len(mine)
        for held in mine:
            held.owner, held.until, held.done = "", None, True
        worker.claimed = []

    @rule(which=WORKERS)
    def die(self, which: int) -> None:
        worker = self.workers[which]
        end(worker.process)
        if worker.machine == HERE:
            self.dead.append(worker.process.pid)
        worker.process, worker.owner, worker.claimed = a_process(), "", []

    @precondition(lambda self: self.dead)
    @rule(which=st.integers(0, 9))
    def bury(self, which: int) -> None:
        """`heed up` saw it die, or somebody buries it a second time."""
        pid = self.dead[which % len(self.dead)]
        with self._clock_of(self.workers[0]), self.store.write() as session:
            freed = lease.release_process(session, pid)
        assert freed == self._freed({pid})

    @rule()
    def bury_all(self) -> None:
        """A worker starts."""
        with self._clock_of(self.workers[0]), self.store.write() as session:
            freed = lease.release_dead(session)
        assert freed == self._freed(set(self.dead))

    @rule(seconds=st.sampled_from([1, LEASE - 1, LEASE, 5 * LEASE]))
    def time_passes(self, seconds: int) -> None:
        self.passed += timedelta(seconds=seconds)

    @invariant()
    def each_is_held_by_whom_it_should_be(self) -> None:
        with self.store.read() as session:
            rows = session.scalars(select(Revision)).all()
            verdicts = dict(
                session.execute(select(Verdict.revision_id, func.count()).group_by(Verdict.revision_id)).all()
            )
        for row in rows:
            held = self.held[row.id]
            assert (row.lease_owner, row.lease_until, row.attempts) == (held.owner, held.until, held.claims)
            assert row.state == ("done" if held.done else "leased" if held.owner else "pending")
            assert verdicts.get(row.id, 0) == int(held.done)

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and self.workers:
            self._run_to_the_end()
        for worker in self.workers:
            end(worker.process)

    def _run_to_the_end(self) -> None:
        """Everybody dies unseen; the worker whose clock is furthest behind finds all of it, a lease and the clocks' distance later."""
        self.passed += timedelta(seconds=LEASE, minutes=MINUTES_APART)
        slow = min(range(len(self.workers)), key=lambda place: self.workers[place].ahead)
        while not all(held.done for held in self.held.values()):
            self.claim(slow)
            assert self.workers[slow].claimed, "held for good"
            self.conclude(slow)
        self.each_is_held_by_whom_it_should_be()

    def _now(self, worker: Worker) -> datetime:
        return START + self.passed + worker.ahead

    @contextmanager
    def _clock_of(self, worker: Worker) -> Iterator[None]:
        def clock() -> datetime:
            return self._now(worker)

        with patch.object(classify, "now", clock), patch.object(lease, "now", clock):
            yield

    def _of(self, owner: str) -> list[Held]:
        return [held for held in self.held.values() if owner and held.owner == owner]

    def _freed(self, pids: set[int]) -> int:
        """Free what dead processes of this machine held; how many that is."""
        mine = [held for held in self.held.values() if held.owner and held.owner.split(":")[0] == HERE]
        mine = [held for held in mine if int(held.owner.split(":")[1]) in pids]
        for held in mine:
            held.owner = ""
            held.until = self._now(self.workers[0]) + lease.SUSPECT if held.claims > 1 else None
        return len(mine)


START = datetime(2026, 11, 20, 21, tzinfo=UTC)


def a_process() -> subprocess.Popen:
    """A worker's process, as far as leases are concerned: it runs or it does not."""
    return subprocess.Popen(["sleep", "3600"], close_fds=False)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


@only_when_asked
def test_leases_on_sqlite(_sqlite_template, tmp_path):
    run(Leases, emptied(_sqlite_template, tmp_path), examples=20, steps=30)


@only_when_asked
def test_leases_on_postgresql(emptied_postgres):
    store = Store(emptied_postgres())

    def empty() -> Store:
        emptied_postgres()
        return store

    run(Leases, empty, examples=5, steps=30)
    store.close()

"""Whoever breaks things: one fault after the other, each of a kind that the stack can suffer, by seeded chance."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from redis.exceptions import RedisError

from benchmarks.chaos.stack import LEASE_SECONDS, Cluster, Stack

FROZEN_SECONDS = LEASE_SECONDS + 8
SKEW_SECONDS = 300
DOWN_SECONDS = 3.0
FULL_SECONDS = 6.0
SPARE_BYTES = 64_000
"""What is left free on a full disk."""


class Monkey:
    """`injected` counts what it did, by name; `log` has each with its time."""

    def __init__(self, stack: Stack, dice: random.Random, disk: Path | None = None) -> None:
        self.stack, self.dice, self.disk = stack, dice, disk
        self.injected: Counter[str] = Counter()
        self.log: list[tuple[float, str]] = []
        self.left_out: list[str] = []
        self._under_way: list[threading.Thread] = []

    def run(self, faults: int, seconds: float) -> None:
        """Inject so many faults in the course of `seconds`, each kind as often as the others."""
        kinds = self._kinds()
        chosen = [name for _ in range(faults // len(kinds) + 1) for name in self.dice.sample(sorted(kinds), len(kinds))]
        for name in chosen[:faults]:
            time.sleep(seconds / faults * self.dice.uniform(0.5, 1.5))
            self.log.append((time.time(), name))
            if kinds[name]():
                self.injected[name] += 1
        for thread in self._under_way:
            thread.join()

    def _kinds(self) -> dict[str, Callable[[], bool]]:
        killed = {f"kill -9 {role}": self._killing(role) for role in self.stack.roles if role != "database"}
        kinds = killed | {
            "freeze a classify worker past its lease": self._freezing("classify"),
            "freeze a deliver worker past its lease": self._freezing("deliver"),
            "wipe Valkey (FLUSHALL)": lambda: self._to_queue("FLUSHALL"),
            "cut every connection to Valkey": lambda: self._to_queue("CLIENT", "KILL", "TYPE", "normal"),
        }
        if isinstance(self.stack, Cluster):
            kinds["crash PostgreSQL, back after 3 s"] = self._crash_database
            if self.stack.has_other_clocks:
                kinds["clock of two workers 5 min ahead"] = self._skewing(SKEW_SECONDS)
                kinds["clock of two workers 5 min back"] = self._skewing(-SKEW_SECONDS)
            else:
                self.left_out.append("other clocks: they need Debian's `faketime`")
        elif self.disk:
            kinds["full disk for 6 s"] = self._fill_disk
        else:
            self.left_out.append("a full disk: it needs an administrator's right to mount a small one")
        return kinds

    def _killing(self, role: str) -> Callable[[], bool]:
        def kill() -> bool:
            pids = self.stack.pids(role)
            if pids:
                self.stack.kill(self.dice.choice(pids))
            return bool(pids)

        return kill

    def _freezing(self, role: str) -> Callable[[], bool]:
        def freeze() -> bool:
            if not (pids := self.stack.pids(role)):
                return False
            pid = self.dice.choice(pids)
            self.stack.kill(pid, signal.SIGSTOP)
            self._later(FROZEN_SECONDS, lambda: self.stack.kill(pid, signal.SIGCONT))
            return True

        return freeze

    def _skewing(self, seconds: int) -> Callable[[], bool]:
        def skew() -> bool:
            self.stack.set_clock(seconds)
            self._later(FROZEN_SECONDS, lambda: self.stack.set_clock(0))
            return True

        return skew

    def _to_queue(self, *command: str) -> bool:
        with suppress(RedisError, OSError):
            self.stack.queue.execute_command(*command)
            return True
        return False

    def _crash_database(self) -> bool:
        self.stack.crash_database(DOWN_SECONDS)
        return True

    def _fill_disk(self) -> bool:
        ballast = self.disk / "ballast"
        with suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(bytes(SPARE_BYTES))
                file.flush()
        self._later(FULL_SECONDS, lambda: ballast.unlink(missing_ok=True))
        return True

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        def wait() -> None:
            time.sleep(seconds)
            do()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        self._under_way.append(thread)

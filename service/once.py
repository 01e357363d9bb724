"""One call for all who ask for it while another is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Once(Generic[Answer]):
    """`once()` answers by a call of `work` that began after it was asked for. Threads that ask meanwhile share the next one."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self._counting, self._working = threading.Lock(), threading.Lock()
        self._asked = self._covered = 0
        self._answer: Answer | None = None

    def __call__(self) -> Answer | None:
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._working:
            if self._covered < mine:
                with self._counting:
                    covers = self._asked
                self._answer = self._work()
                self._covered = covers
            return self._answer

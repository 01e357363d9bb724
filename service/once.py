"""One call for all threads that ask for the same at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
Function = TypeVar("Function", bound=Callable)


def made_once(make: Function) -> Function:
    """`functools.cache`, whose `make` never runs twice for the same.

    Of two threads that ask first, `cache` would give one an object of its own; a Redis client that is let go then closes
    connections under a command on its way.
    """
    kept, lock = cache(make), threading.RLock()

    @wraps(make)
    def ask(*arguments: object) -> object:
        with lock:
            return kept(*arguments)

    ask.cache_clear, ask.cache_info = kept.cache_clear, kept.cache_info  # type: ignore[attr-defined]
    return ask  # type: ignore[return-value]


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

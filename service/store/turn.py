"""Turns: a lock given in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque

ON_ITS_WAY = -1
"""The owner of a turn that was handed over and not taken up yet: no thread's number."""


class Turn:
    """`with turn:` waits for everybody who came before.

    SQLite lets writers in by luck: of sixteen threads that write all the time one waited 15 s and gave up while others came
    and went. Raises RuntimeError where the thread whose turn it is asks again: it would wait for itself.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._owner == me:
                raise RuntimeError("a write transaction inside another of the same thread")
            if self._owner is None:
                self._owner = me
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()
        self._owner = me

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._owner = None
            if self._waiting:
                # It stays taken: whoever comes now waits behind the next one.
                self._owner = ON_ITS_WAY
                self._waiting.popleft().release()

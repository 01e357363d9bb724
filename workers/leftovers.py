"""Texts that are no posts: what is left of them, in the database or in its files."""

from __future__ import annotations

import logging
import time

from service import readings
from service.store import Store

log = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
"""How long a text whose request has ended may stand in SQLite's write-ahead log at most, but for readers in the way."""


class Leftovers:
    """Looks once a minute for texts that web processes left, and empties SQLite's log of those that they took away."""

    def __init__(self) -> None:
        self._next = 0.0

    def turn(self, where: Store) -> int:
        """Forget where it is time to; returns how many texts."""
        if time.monotonic() < self._next:
            return 0
        if gone := readings.forget_old(where):
            log.warning("%d texts were left by requests that broke off; they are forgotten", gone)
        if where.overwrite_log():
            self._next = time.monotonic() + PAUSE_SECONDS
        return gone

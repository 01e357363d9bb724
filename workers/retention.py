"""What is kept no longer than it may be: the sweeper's part of it, a little at a time."""

from __future__ import annotations

import logging
import time

from service.erasure import retention
from service.settings import Settings
from service.store import Store

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0
"""How long one round of the sweeper forgets: the rest waits for the next."""
REST_SECONDS = 600.0
"""Pause once nothing is past its time."""


class Retention:
    """Looks for what is past its time now and then, and takes its time over it."""

    def __init__(self) -> None:
        self._next = 0.0
        self._gone = 0

    def turn(self, where: Store, chosen: Settings) -> int:
        """Forget for a moment where it is time to; returns how much went."""
        if time.monotonic() < self._next:
            return 0
        end, gone = time.monotonic() + TURN_SECONDS, 0
        while some := retention.keep_to(where, chosen):
            gone += some
            if time.monotonic() > end:
                break
        else:
            self._next = time.monotonic() + REST_SECONDS
        self._say(where, gone)
        return gone

    def _say(self, where: Store, gone: int) -> None:
        """One line once all is done, however many rounds it took."""
        self._gone += gone
        if self._gone and self._next > time.monotonic() and where.overwrite_log():
            log.info("kept no longer: %d posts, callbacks and audit entries", self._gone)
            self._gone = 0

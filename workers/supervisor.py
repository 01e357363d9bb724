"""Keeps the processes of `heed up` running until told to stop, then ends them in order."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from service.errors import HeedError
from workers import stopping
from workers.child import LONGEST_PAUSE, OURS, Child

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
"""Pause between two looks at the processes."""
TRIES = 3
"""Starts in a row that a process may refuse before it ever ran well; then nothing is started at all."""
GRACE_SECONDS = 40
"""Time a process has to finish what it does: longer than gunicorn's own, longer than a batch."""

Died = Callable[[], None]
"""Told that a process ended."""


class StartFailed(HeedError):
    """A process does not start; the message holds what it said last."""


class Supervisor:
    """The processes, in the order they are started; they are stopped in the opposite order."""

    def __init__(self, died: Died | None = None) -> None:
        self.children: list[Child] = []
        self._died = died
        # Nobody ever writes to it: closing it, which any end of this process does, tells the children.
        self._lifeline, self._keep = os.pipe()

    def add(self, child: Child) -> None:
        """Start a process and keep it running from now on."""
        child.start(self._lifeline)
        self.children.append(child)

    def wait_for(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Keep the processes running until `ready`, at most `seconds`. Raises StartFailed."""
        end = time.monotonic() + seconds
        while not stopping.requested() and not ready():
            if time.monotonic() > end:
                raise StartFailed(f"{what} is not ready after {seconds:.0f} s. The logs say why.")
            self.tend()
            stopping.wait(LOOK_SECONDS)

    def run(self) -> None:
        """Keep the processes running until told to stop. Raises StartFailed."""
        while not stopping.wait(LOOK_SECONDS):
            self.tend()

    def tend(self) -> None:
        """Restart what has ended. Raises StartFailed where one never gets going."""
        for child in self.children:
            if child.process is None and time.monotonic() >= child.due:
                self._start(child)
            elif child.process is not None and not child.runs:
                self._bury(child)

    def _start(self, child: Child) -> None:
        try:
            child.start(self._lifeline)
        except OSError as error:
            log.error("the %s process can't be started now (%s); trying again", child.name, type(error).__name__)
            child.due = time.monotonic() + LONGEST_PAUSE

    def _bury(self, child: Child) -> None:
        status = child.buried()
        if self._died:
            self._died()
        if status > 0 and not child.settled and child.failures >= TRIES:
            said = child.said.removeprefix(OURS) or f"It ended with status {status} and said nothing."
            raise StartFailed(f"The {child.name} process does not start. {said} (More in {child.log}.)")
        if status:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            log.warning("the %s process ended (%s); starting it again", child.name, how)

    def stop(self) -> None:
        """End every process, the first one last: the others need it. Asked a second time, at once."""
        asked = stopping.requests()
        for wave in (self.children[1:], self.children[:1]):
            for child in wave:
                child.stop()
            self._wait_for_end(wave, asked)
        os.close(self._keep)
        os.close(self._lifeline)

    def _wait_for_end(self, wave: list[Child], asked: int) -> None:
        end = time.monotonic() + GRACE_SECONDS
        while any(child.runs for child in wave) and time.monotonic() < end and stopping.requests() == asked:
            time.sleep(LOOK_SECONDS / 4)
        for child in wave:
            child.kill()
            if child.process is not None:
                child.buried()

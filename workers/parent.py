"""Children of `heed up` stop when it is gone, however it ended: even kill -9 closes its end of a pipe."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

PIPE = "HEED_PARENT_PIPE"
"""Names the file descriptor that the supervisor's child inherits. Not a setting: `heed up` sets it."""


def watch_parent(stop: Callable[[], None] | None = None) -> None:
    """Call `stop` (SIGTERM to this process where none is given) once the supervisor is gone; nothing without one."""
    descriptor = os.environ.pop(PIPE, "")
    if descriptor:
        watcher = threading.Thread(target=_watch, args=(int(descriptor), stop or _terminate), daemon=True)
        watcher.start()


def _watch(descriptor: int, stop: Callable[[], None]) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        return
    stop()


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)

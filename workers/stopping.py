"""Whether this process was asked to stop: a job looks between two batches and leaves the rest to others."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_stop = threading.Event()


def request() -> None:
    _stop.set()


def requested() -> bool:
    return _stop.is_set()


def wait(seconds: float) -> bool:
    """Sleep; True as soon as the process is asked to stop."""
    return _stop.wait(seconds)


def forget() -> None:
    """As in a new process."""
    _stop.clear()


def on_signals() -> None:
    """Let SIGTERM and SIGINT ask this process to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _requested)


def _requested(_signal: int, _frame: FrameType | None) -> None:
    request()

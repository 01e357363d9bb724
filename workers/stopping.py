"""Whether this process was asked to stop: a job looks between two batches and leaves the rest to others."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_stop = threading.Event()
_requests = 0


def request() -> None:
    global _requests
    _requests += 1
    _stop.set()


def requests() -> int:
    """How often this process was asked: twice means at once."""
    return _requests


def requested() -> bool:
    return _stop.is_set()


def wait(seconds: float) -> bool:
    """Sleep; True as soon as the process is asked to stop."""
    return _stop.wait(seconds)


def forget() -> None:
    """As in a new process."""
    global _requests
    _requests = 0
    _stop.clear()


def on_signals(*more: signal.Signals) -> None:
    """Let SIGTERM, SIGINT and `more` ask this process to stop."""
    for number in (signal.SIGTERM, signal.SIGINT, *more):
        signal.signal(number, _requested)


def _requested(_signal: int, _frame: FrameType | None) -> None:
    request()

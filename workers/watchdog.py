"""Ends a process that hangs, in native code too, where neither a signal nor another thread of Python gets a turn."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End this process with status 1 where the block takes longer; its log then says in which lines of code it stood."""
    # The timer is a thread of C that needs no interpreter; what it writes are names of files and functions, no values.
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()

"""One process of `heed up`: started, heard, restarted, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workers.parent import PIPE

LOG_BYTES = 5_000_000
"""A log longer than this is put aside as `.1`; the one before is dropped."""
LONGEST_PAUSE = 30.0
"""Most seconds between two restarts."""
SETTLED_SECONDS = 30.0
"""A process that lived this long has started well."""
OURS = "Error: "
"""How the `heed` command begins the one sentence that says what to do."""
MARKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters, which could rewrite the terminal that shows a log."""

Hear = Callable[[str, str], None]
"""Told the name of a process and a line it wrote."""


@dataclass
class Child:
    """A process by its command (after the Python that runs it) and environment; it writes to `log`."""

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    log: Path
    hear: Hear
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    """Times in a row that it ended soon after its start."""
    due: float = 0.0
    """When it may be started again, by the monotonic clock."""
    settled: bool = False
    said: str = ""
    """Its last words: the last line that is an error of ours, or else the last line."""
    _ears: threading.Thread | None = field(default=None, repr=False)

    def start(self, lifeline: int) -> None:
        """Start it; it stops by itself once the other end of the pipe `lifeline` is closed.

        It leads a session of its own: Ctrl-C reaches the supervisor alone, which stops all in order.
        """
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            env={**self.environment, PIPE: str(lifeline), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[lifeline],
            start_new_session=True,
        )
        self.started, self.said = time.monotonic(), ""
        self._ears = threading.Thread(target=self._listen, args=(self.process,), name=f"{self.name} log", daemon=True)
        self._ears.start()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def buried(self) -> int:
        """Clean up after it ended and plan its next start; returns its exit status, negative for a signal."""
        status = self.process.wait()  # type: ignore[union-attr]
        # What it started in turn goes with it.
        self._signal(signal.SIGKILL)
        if self._ears:
            self._ears.join(timeout=2)
        lived = time.monotonic() - self.started
        self.settled = self.settled or lived >= SETTLED_SECONDS
        self.failures = self.failures + 1 if lived < SETTLED_SECONDS and status else 0
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self.failures - 1)) if self.failures else 0.0
        self.due = time.monotonic() + pause
        self.process = None
        return status

    def stop(self) -> None:
        """Ask it to finish what it does and end."""
        if self.runs:
            with suppress(ProcessLookupError):
                self.process.terminate()  # type: ignore[union-attr]

    def kill(self) -> None:
        """End it and everything it started, at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        for raw in process.stdout:  # type: ignore[union-attr]
            line = MARKS.sub("", raw.decode(errors="replace").rstrip())
            if line:
                self._remember(line)
                self._write(line)
                self.hear(self.name, line)

    def _remember(self, line: str) -> None:
        if line.startswith(OURS) or not self.said.startswith(OURS):
            self.said = line

    def _write(self, line: str) -> None:
        # A full disk must not stop us from hearing the process: it would hang on a full pipe.
        with suppress(OSError):
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            with self.log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

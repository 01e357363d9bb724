"""Ends a server of the tests once they are gone, however they ended: ``python tests/keeper.py PARENT SERVER FOLDER``."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLOSING_SECONDS = 20


@contextmanager
def kept(server: int, folder: Path) -> Iterator[None]:
    """Have the process `server` and its folder go with this process, also where that is killed."""
    arguments = [sys.executable, __file__, str(os.getpid()), str(server), str(folder)]
    # In a session of its own: who kills all of the tests' processes at once leaves it.
    keeper = subprocess.Popen(arguments, start_new_session=True)
    try:
        yield
    finally:
        keeper.kill()
        keeper.wait()


def main(parent: int, server: int, folder: Path) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    # PostgreSQL and Valkey end at once by it, and close their files before.
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGINT)
        for _ in range(CLOSING_SECONDS):
            time.sleep(1)
            os.kill(server, 0)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))

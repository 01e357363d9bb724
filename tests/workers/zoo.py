"""Jobs and processes for tests."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence

from rq import get_current_job
from rq.worker import Worker

from classifiers.findings import Findings, PostText
from service.wakeup import redis_connection

seen: list[int] = []


def note_process() -> None:
    seen.append(os.getpid())


def fail_with_text() -> None:
    try:
        raise ValueError("a private sorrow")
    except ValueError as error:
        raise RuntimeError("a private sorrow, again") from error


def wait_for_heartbeat() -> None:
    """Ends once the worker has shown it lives; fails where it never does."""
    [worker] = Worker.all(connection=redis_connection())
    before = worker.last_heartbeat
    for _ in range(100):
        time.sleep(0.05)
        worker.refresh()
        if worker.last_heartbeat > before:
            assert get_current_job() is not None
            return
    raise AssertionError("no heartbeat")


def hang() -> None:
    """As native code does that holds the interpreter's lock: no signal handler and no thread of Python gets a turn."""
    ctypes.PyDLL(None).sleep(60)


def read_all(**changed: object) -> None:
    """Read all that is pending by a reader that hangs at a text with "HANG" in it."""
    from reading import Reader

    from service.settings import settings
    from service.store import store
    from workers import classify

    class Hanging(Reader):
        def read(self, posts: Sequence[PostText]) -> list[Findings]:
            if any("HANG" in post.text for post in posts):
                hang()
            return super().read(posts)

    classify.read_all(store(), Hanging(), settings().model_copy(update=changed))


def main(kind: str) -> None:
    """A process: `stays` until told to stop, `stubborn` does not listen, `fails`, `breeds` a stubborn one of its own."""
    from workers.parent import watch_parent

    if kind == "fails":
        print("Error: The moon is in the wrong phase. Wait a week.", file=sys.stderr)
        print("and some noise after it", file=sys.stderr)
        sys.exit(1)
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        watch_parent()
    if kind == "breeds":
        import subprocess

        grandchild = subprocess.Popen([sys.executable, "-m", "zoo", "stubborn"])
        print(f"grandchild {grandchild.pid}", flush=True)
    print(f"{kind} runs", flush=True)
    while True:
        time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1])

"""Old and new versions side by side: ``python -m benchmarks.upgrade --from REF``.

Starts the version of a git reference as real processes on PostgreSQL and Valkey. While a forum sends posts, this version's
migrations run under them, its workers join theirs, it takes over, is rolled back to the old one on the new tables, and comes
again. Then the auditor of `make chaos` looks for what is lost. Exits 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.chaos import forum as forums
from benchmarks.chaos.audit import judge
from benchmarks.chaos.report import options, record, show, summary
from benchmarks.chaos.stack import CALLBACK_SECONDS, Cluster, free_port
from benchmarks.chaos.traffic import Traffic
from training import corpus

PACKAGES = ("service", "workers", "classifiers")
OLD, NEW = "old-", "new-"


class Upgraded(Cluster):
    """A cluster that runs the version in the folder `older`, this one, or both."""

    def __init__(self, folder: Path, port: int, older: Path) -> None:
        super().__init__(folder, port)
        self._ours = dict(self.environment)
        # Without the first, Python would look into the folder it is started in before all others.
        self._theirs = self._ours | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(older)}
        self._as(OLD)

    def steps(self) -> list[tuple[float, str, Callable[[], None]]]:
        """What happens, each at its share of the time."""
        return [
            (0.15, "the new version's migrations, under the old processes", self._migrate),
            (0.25, "new workers beside old ones", self.add_workers),
            (0.45, "the old version ended, the new one's web process took over", self._take_over),
            (0.6, "rolled back to the old version, on the new tables", lambda: self._change(NEW, OLD)),
            (0.8, "the new version again", lambda: self._change(OLD, NEW)),
        ]

    def _as(self, generation: str) -> None:
        self.generation, self.environment = generation, self._theirs if generation == OLD else self._ours

    def _migrate(self) -> None:
        self._as(NEW)
        self.command("migrate")

    def _take_over(self) -> None:
        self.end(OLD)
        self.add_web()

    def _change(self, old: str, new: str) -> None:
        self.end(old)
        self._as(new)
        self.add_web()
        self.add_workers()


def main() -> None:
    chosen = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="heed-upgrade-"))
    try:
        with version(chosen.older) as older:
            found = run(chosen, folder, older)
        if chosen.keep:
            shutil.copytree(folder, chosen.keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(found)
    if chosen.record:
        record(found)
    sys.exit(1 if found["broken"] else 0)


@contextmanager
def version(reference: str) -> Iterator[Path]:
    """A folder with Heed's packages as they stand at a git reference."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="heed-older-") as folder:
        command = ["git", "-C", str(root), "archive", reference, *PACKAGES]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE) as git,
            tarfile.open(fileobj=git.stdout, mode="r|") as tar,
        ):
            tar.extractall(folder, filter="data")
        yield Path(folder)


def run(chosen: argparse.Namespace, folder: Path, older: Path) -> dict:
    """One run; returns its summary."""
    dice = random.Random(chosen.seed)
    seconds = chosen.minutes * 60
    with ExitStack() as stack:
        forum = stack.enter_context(forums.running(CALLBACK_SECONDS + 2, dice))
        heed = Upgraded(folder, free_port(), older)
        stack.callback(heed.stop)
        heed.start()
        keys = heed.add_forum("forum", forum.url)
        forum.secret = keys.callback_secret
        traffic = Traffic(heed.url, keys, [post.text for post in corpus.read()], chosen.posts, seconds, dice)
        began = time.monotonic()
        sending = threading.Thread(target=traffic.run)
        sending.start()
        done = {}
        for share, what, step in heed.steps():
            time.sleep(max(0.0, began + share * seconds - time.monotonic()))
            print(f"{time.monotonic() - began:4.0f} s: {what}; {len(forum.received)} callbacks so far", flush=True)
            step()
            done[what] = 1
        sending.join()
        ended = time.monotonic()
        forum.ill = False
        heed.wait_until_ready()
        found = judge(heed, {"forum": forum}, {"forum": traffic.ledger})
    command = (
        f"python -m benchmarks.upgrade --from {chosen.older} --posts {chosen.posts} "
        f"--minutes {chosen.minutes:g} --seed {chosen.seed}"
    )
    return summary("upgrade", command, (began, ended), done, [traffic.ledger], forum, found)


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, posts=1000, minutes=5.0)
    parser.add_argument("--from", dest="older", required=True, help="git reference of the older version")
    return parser.parse_args()


if __name__ == "__main__":
    main()

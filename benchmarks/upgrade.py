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
from datetime import date
from pathlib import Path

from benchmarks.chaos import forum as forums
from benchmarks.chaos.audit import Database, Findings, audit, audit_machine, settle
from benchmarks.chaos.report import record, show
from benchmarks.chaos.stack import CALLBACK_SECONDS, Cluster, free_port
from benchmarks.chaos.traffic import Traffic
from training import corpus

PACKAGES = ("service", "workers", "classifiers")
SETTLE_SECONDS = 600
OLD, NEW = "old-", "new-"


class Upgraded(Cluster):
    """A cluster that runs the version in the folder `older`, this one, or both."""

    def __init__(self, folder: Path, port: int, older: Path) -> None:
        super().__init__(folder, port)
        self._ours = dict(self.environment)
        # Without the first, Python would look into the folder it is started in before all others.
        self._theirs = self._ours | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(older)}

    def start(self) -> None:
        self._as(OLD)
        self.command("migrate")
        (self.folder / "logs").mkdir(exist_ok=True)
        self._add("queue", "workers.embedded", str(self.folder))
        self.add_web(OLD)
        self.add_workers(OLD)
        self._tending.start()
        self.wait_until_ready()

    def steps(self) -> list[tuple[float, str, Callable[[], None]]]:
        """What happens, each at its share of the time."""
        return [
            (0.15, "the new version's migrations, under the old processes", self._migrate),
            (0.25, "new workers beside old ones", self._join),
            (0.45, "the old version ended, the new one's web process took over", self._take_over),
            (0.6, "rolled back to the old version, on the new tables", lambda: self._change(NEW, OLD)),
            (0.8, "the new version again", lambda: self._change(OLD, NEW)),
        ]

    def _as(self, generation: str) -> None:
        self.environment = self._theirs if generation == OLD else self._ours

    def _migrate(self) -> None:
        self._as(NEW)
        self.command("migrate")

    def _join(self) -> None:
        self._as(NEW)
        self.add_workers(NEW)

    def _take_over(self) -> None:
        self._as(NEW)
        self.end(OLD)
        self.add_web(NEW)

    def _change(self, old: str, new: str) -> None:
        self.end(old)
        self._as(new)
        self.add_web(new)
        self.add_workers(new)


def main() -> None:
    chosen = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="heed-upgrade-"))
    try:
        with version(chosen.older) as older:
            report = run(chosen, folder, older)
        if chosen.keep:
            shutil.copytree(folder, chosen.keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(report)
    if chosen.record:
        record(report)
    sys.exit(1 if report["broken"] else 0)


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
    """One run; returns its report."""
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
        sent = time.monotonic() - began
        forum.ill = False
        heed.wait_until_ready()
        database, found = Database(heed.database), Findings()
        if not settle(database, SETTLE_SECONDS):
            found.breach("all is read and sent in the end", f"not after {SETTLE_SECONDS} s")
        recovered = time.monotonic() - began - sent
        audit(found, "forum", traffic.ledger, forum, database)
        audit_machine(found, database, heed.queue)
    return {
        "stack": "upgrade",
        "day": f"{date.today():%Y-%m-%d}",
        "command": f"python -m benchmarks.upgrade --from {chosen.older} --posts {chosen.posts} "
        f"--minutes {chosen.minutes:g} --seed {chosen.seed}",
        "minutes of traffic": round(sent / 60, 1),
        "seconds until all was quiet": round(recovered),
        "faults": done,
        "left out": [],
        "answers to the forum": dict(traffic.ledger.answers.most_common()),
        "answers of the forum": dict(forum.answers.most_common()),
        "seen": dict(found.seen),
        "broken": {what: {"times": times, "for example": found.examples[what]} for what, times in found.broken.items()},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="older", required=True, help="git reference of the older version")
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5.0, help="time over which the posts are sent")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--record", action="store_true", help="write the tables of docs/reliability.md")
    parser.add_argument("--keep", type=Path, help="copy Heed's folder, logs included, here")
    return parser.parse_args()


if __name__ == "__main__":
    main()

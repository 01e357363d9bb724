"""``make chaos``, or ``python -m benchmarks.chaos``: break Heed in every way while posts come in, then look for what is lost.

Exits 1 where a promise is broken. ``--stack box`` is one `heed up` with SQLite, ``cluster`` a PostgreSQL, a Valkey and
several processes of each kind.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.chaos import forum as forums
from benchmarks.chaos.audit import Database, Findings, audit, audit_machine, settle
from benchmarks.chaos.monkey import Monkey
from benchmarks.chaos.report import record, show
from benchmarks.chaos.stack import CALLBACK_SECONDS, STACKS, free_port, small_disk
from benchmarks.chaos.traffic import Traffic
from training import corpus

DISK_MEGABYTES = 400
GONE_SHARE = 0.05
"""Share of the posts of a second forum, which says 410 half of the time and is turned on again at the end."""
SETTLE_SECONDS = 600


def main() -> None:
    chosen = _arguments()
    broken = False
    for name in STACKS if chosen.stack == "both" else [chosen.stack]:
        report = _on(name, chosen)
        show(report)
        if chosen.record:
            record(report)
        broken = broken or bool(report["broken"])
    sys.exit(1 if broken else 0)


def _on(name: str, chosen: argparse.Namespace) -> dict:
    folder = Path(tempfile.mkdtemp(prefix="heed-chaos-"))
    try:
        with ExitStack() as stack:
            disk = stack.enter_context(small_disk(DISK_MEGABYTES)) if name == "box" else None
            report = run(name, chosen, disk or folder, disk)
            if chosen.keep:
                shutil.copytree(disk or folder, chosen.keep / name, dirs_exist_ok=True)
            return report
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(name: str, chosen: argparse.Namespace, folder: Path, disk: Path | None) -> dict:
    """One run; returns its report."""
    dice = random.Random(chosen.seed)
    texts = [post.text for post in corpus.read()]
    seconds = chosen.minutes * 60
    heed = STACKS[name](folder, free_port())
    with ExitStack() as stack:
        served = {slug: stack.enter_context(forums.running(CALLBACK_SECONDS + 2, dice)) for slug in ("forum", "gone")}
        heed.start()
        stack.callback(heed.stop)
        keys = {slug: heed.add_forum(slug, forum.url) for slug, forum in served.items()}
        for slug, forum in served.items():
            forum.secret = keys[slug].callback_secret
        share = {"forum": chosen.posts, "gone": max(1, int(chosen.posts * GONE_SHARE))}
        traffic = {slug: Traffic(heed.url, keys[slug], texts, share[slug], seconds, dice) for slug in served}
        monkey = Monkey(heed, dice, disk)
        began = time.monotonic()
        threads = [threading.Thread(target=each.run) for each in traffic.values()]
        threads.append(threading.Thread(target=monkey.run, args=(chosen.faults, seconds)))
        for thread in threads:
            thread.start()
        _watch(threads, traffic, monkey, seconds, served["gone"])
        sent = time.monotonic() - began
        for forum in served.values():
            forum.ill = forum.gone = False
        heed.wait_until_ready()
        heed.command("forum", "callbacks", "gone")
        database = Database(heed.database)
        quiet = settle(database, SETTLE_SECONDS)
        recovered = time.monotonic() - began - sent
        found = Findings()
        for slug, forum in served.items():
            audit(found, slug, traffic[slug].ledger, forum, database)
        audit_machine(found, database, heed.queue)
    if not quiet:
        found.breach("all is read and sent in the end", f"not after {SETTLE_SECONDS} s")
    answers = sum((each.ledger.answers for each in traffic.values()), start=type(traffic["forum"].ledger.answers)())
    return {
        "stack": name,
        "day": f"{date.today():%Y-%m-%d}",
        "command": f"python -m benchmarks.chaos --stack {name} --posts {chosen.posts} --minutes {chosen.minutes:g} "
        f"--faults {chosen.faults} --seed {chosen.seed}",
        "minutes of traffic": round(sent / 60, 1),
        "seconds until all was quiet": round(recovered),
        "faults": dict(sorted(monkey.injected.items())),
        "left out": monkey.left_out,
        "answers to the forum": dict(answers.most_common()),
        "answers of the forum": dict(served["forum"].answers.most_common()),
        "seen": dict(found.seen),
        "broken": {what: {"times": times, "for example": found.examples[what]} for what, times in found.broken.items()},
    }


def _watch(threads: list, traffic: dict, monkey: Monkey, seconds: float, gone: forums.Forum) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    began, total = time.monotonic(), sum(each.left for each in traffic.values())
    with Progress(*columns) as progress:
        task = progress.add_task("sending and breaking", total=total, said="")
        while any(thread.is_alive() for thread in threads):
            gone.gone = time.monotonic() - began > seconds / 2
            left, faults = sum(each.left for each in traffic.values()), monkey.injected.total()
            progress.update(task, completed=total - left, said=f"{total - left} of {total} sent, {faults} faults")
            time.sleep(0.5)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", choices=[*STACKS, "both"], default="both")
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=20.0, help="time over which the posts are sent")
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--record", action="store_true", help="write the tables of docs/reliability.md")
    parser.add_argument("--keep", type=Path, help="copy Heed's folder, logs included, here")
    return parser.parse_args()


if __name__ == "__main__":
    main()

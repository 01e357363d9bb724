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
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.chaos import forum as forums
from benchmarks.chaos.audit import judge
from benchmarks.chaos.monkey import Monkey
from benchmarks.chaos.report import options, record, show, summary
from benchmarks.chaos.stack import CALLBACK_SECONDS, STACKS, free_port, small_disk
from benchmarks.chaos.traffic import Traffic
from training import corpus

DISK_MEGABYTES = 400
GONE_SHARE = 0.05
"""Share of the posts of a second forum, which says 410 half of the time and is turned on again at the end."""


def main() -> None:
    chosen = _arguments()
    broken = False
    for name in STACKS if chosen.stack == "both" else [chosen.stack]:
        found = _on(name, chosen)
        show(found)
        if chosen.record:
            record(found)
        broken = broken or bool(found["broken"])
    sys.exit(1 if broken else 0)


def _on(name: str, chosen: argparse.Namespace) -> dict:
    folder = Path(tempfile.mkdtemp(prefix="heed-chaos-"))
    try:
        with ExitStack() as stack:
            disk = stack.enter_context(small_disk(DISK_MEGABYTES)) if name == "box" else None
            found = run(name, chosen, disk or folder, disk)
            if chosen.keep:
                shutil.copytree(disk or folder, chosen.keep / name, dirs_exist_ok=True)
            return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(name: str, chosen: argparse.Namespace, folder: Path, disk: Path | None) -> dict:
    """One run; returns its summary."""
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
        ended = time.monotonic()
        for forum in served.values():
            forum.ill = forum.gone = False
        heed.wait_until_ready()
        heed.command("forum", "callbacks", "gone")
        ledgers = {slug: each.ledger for slug, each in traffic.items()}
        found = judge(heed, served, ledgers)
    command = (
        f"python -m benchmarks.chaos --stack {name} --posts {chosen.posts} --minutes {chosen.minutes:g} "
        f"--faults {chosen.faults} --seed {chosen.seed}"
    )
    faults = dict(sorted(monkey.injected.items()))
    return summary(
        name, command, (began, ended), faults, ledgers.values(), served["forum"], found, left_out=monkey.left_out
    )


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
    parser = options(__doc__, posts=10_000, minutes=20.0)
    parser.add_argument("--stack", choices=[*STACKS, "both"], default="both")
    parser.add_argument("--faults", type=int, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    main()

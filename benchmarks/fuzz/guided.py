"""Inputs that follow the code's branches: the same targets and strategies, driven by atheris. What it tries depends on what it finds.

Each target has a process of its own, since libFuzzer gives none back. Needs ``pip install -r requirements/fuzz.txt``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOMS = ("classifiers", "service")


def try_target(name: str, seconds: float, seed: int) -> tuple[int, str]:
    """How many inputs kept the target's promise in that time, and what went wrong, or empty."""
    with tempfile.TemporaryDirectory() as folder:
        counted = Path(folder) / "inputs"
        # Hypothesis makes nothing of a few bytes, by which libFuzzer would begin.
        limits = ["-len_control=0", "-max_len=8192", "-rss_limit_mb=0", f"-artifact_prefix={folder}/"]
        limits += [f"-max_total_time={seconds:.0f}", f"-seed={seed + 1}"]
        command = [sys.executable, "-m", "benchmarks.fuzz.guided", name, str(counted), *limits]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace")
        inputs = counted.stat().st_size if counted.exists() else 0
    said = re.search(r"=== Uncaught Python exception: ===(.*?)(?:\n==|\Z)", ended.stderr, re.DOTALL)
    if ended.returncode and not said:
        return inputs, ended.stderr[-2_000:]
    return inputs, said[1].strip() if said else ""


def run(name: str, counted: Path, options: Sequence[str]) -> None:
    """Try inputs until libFuzzer's options say stop. It ends the process without a word, so `counted` grows a byte for each."""
    import atheris
    from hypothesis import HealthCheck, given, settings

    with atheris.instrument_imports(include=list(ROOMS)):
        from benchmarks.fuzz.targets import TARGETS
    target = next(target for target in TARGETS if target.name == name)
    tally = counted.open("wb", buffering=0)

    def check(made: object) -> None:
        target.check(made)
        tally.write(b".")

    one = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))(given(target.inputs)(check))
    atheris.Setup([sys.argv[0], *options], one.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])

"""A reader that sleeps as long as a model would read; as a process, a classify worker with one: ``python -m benchmarks.performance.sleeper 0.02``."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from classifiers.findings import Findings, LabelScore, PostText
from classifiers.labels import POST_LABELS

FLAGGED = 10
"""One post of so many goes to people."""


class Sleeper:
    """Takes `seconds` a post. What it says is made up; how much it says is not."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._read = seconds, 0

    def read(self, posts: Sequence[PostText]) -> list[Findings]:
        time.sleep(self._seconds * len(posts))
        return [self._said() for _ in posts]

    def _said(self) -> Findings:
        self._read += 1
        score = 0.99 if self._read % FLAGGED == 0 else 0.001
        labels = tuple(LabelScore(area, name, score if name == "dosing" else 0.001) for area, name in POST_LABELS)
        return Findings(labels=labels, language="en", models={"sleeper": "1"})


def main() -> None:
    """Say that it is ready, wait to be told, read all that is pending, say that it is done."""
    from service.settings import settings
    from service.store import store
    from workers.classify import read_all

    with store().read() as session:
        session.connection()
    print("ready", flush=True)
    sys.stdin.readline()
    read_all(store(), Sleeper(float(sys.argv[1])), settings())
    print("done", flush=True)


if __name__ == "__main__":
    main()

"""What encryption costs: microseconds for a post's row and for its verdict's, written and read. `python -m benchmarks.encryption`"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite

from service.keyring import new_key
from service.settings import settings
from service.store.encrypted import columns_of
from service.store.models import Delivery, Revision, Verdict

TIMES = 2000
WORDS = "Has anyone been told to halve their dose before the scan? "
SPAN = {"area": "personal_data", "type": "phone", "start": 120, "end": 134, "score": 0.98, "source": "model"}
REASON = {"area": "medical", "label": "dosing", "severity": "high", "score": 0.83, "evidence": [SPAN] * 2}
ROWS = {
    "post": (
        Revision.__table__,
        {
            "title": WORDS,
            "body": WORDS * 12,
            "parent": WORDS * 5,
            "author": "hopeful_jan",
            "url": "https://forum.example.org/t/halving/77/1",
            "digest": "0" * 64,
        },
    ),
    "verdict": (
        Verdict.__table__,
        {
            "document": {"reasons": [REASON] * 3, "spans": [SPAN] * 3},
            "findings": {"labels": [REASON] * 14},
            "note": WORDS,
        },
    ),
    "callback": (Delivery.__table__, {"payload": {"data": {"labels": [REASON] * 3, "spans": [SPAN] * 3}}}),
}
"""Rows as they usually are: a body of 700 characters, a verdict with three reasons."""


def main() -> None:
    """Print a line for each row of ROWS, once without a key and once with one."""
    for kind in ("without", "with"):
        if kind == "with":
            os.environ["HEED_ENCRYPTION_KEYS"] = new_key()
            settings.cache_clear()
        for name, (table, values) in ROWS.items():
            written, read = _cost(table, values)
            print(f"{name:9} {kind:8} a key: written {written:6.1f} µs, read {read:6.1f} µs")


def _cost(table: Table, values: dict[str, object]) -> tuple[float, float]:
    """Microseconds to bind the row's values and to read them."""
    dialect = sqlite.dialect()
    binds, reads = {}, {}
    for column in columns_of(table):
        binds[column.name] = column.type.bind_processor(dialect)
        reads[column.name] = column.type.result_processor(dialect, None)
    stored = {name: binds[name](value) for name, value in values.items()}
    return _time(lambda: [binds[name](value) for name, value in values.items()]), _time(
        lambda: [reads[name](value) for name, value in stored.items()]
    )


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(TIMES):
        work()
    return (time.perf_counter() - started) / TIMES * 1e6


if __name__ == "__main__":
    main()

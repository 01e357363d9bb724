"""How state machines run: each history on an empty database; the same histories each time, unless more are asked for.

`HEED_TEST_HISTORIES=2000` runs so many of each machine, each time others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import event

from service.store import Store

HISTORIES = int(os.environ.get("HEED_TEST_HISTORIES", "0"))
only_when_asked = pytest.mark.skipif(not HISTORIES, reason="takes minutes: HEED_TEST_HISTORIES=50 runs it")


def run(
    machine: Callable[[Store], RuleBasedStateMachine], empty: Callable[[], Store], examples: int, steps: int
) -> None:
    """Make histories up, and look for one in which the machine's rules are broken."""
    chosen = settings(
        max_examples=HISTORIES or examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not HISTORIES,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: machine(empty()), settings=chosen)


def emptied(template: Path, folder: Path) -> Callable[[], Store]:
    """Gives the same SQLite store each time, as `template` has it: what SQLAlchemy has compiled stays."""
    path = folder / "heed.db"
    store = Store(f"sqlite:///{path}")
    # No power cut here: waiting for the disk would only take time.
    event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

    def empty() -> Store:
        store.close()
        for old in folder.glob("heed.db*"):
            old.unlink()
        shutil.copy(template, path)
        return store

    return empty

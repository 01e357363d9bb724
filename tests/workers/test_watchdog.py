"""A worker that hangs where Python itself gets no turn is ended, and what it held goes to others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from service.store.models import Verdict
from workers.lease import release_process

HERE = Path(__file__).parent


def run(code: str) -> subprocess.Popen:
    path = os.pathsep.join(map(str, (HERE, *HERE.parents[:2])))
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(("block", "status"), [("zoo.hang()", 1), ("time.sleep(0.1)", 0)])
def test_what_takes_too_long_ends_the_process(block, status):
    process = run(f"import time, zoo; from workers.watchdog import at_most\nwith at_most(1): {block}\ntime.sleep(1.5)")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == status
    assert ("Timeout" in said) == bool(status)


def test_a_post_that_hangs_every_worker_is_read_after_the_others_and_goes_to_a_person(store, desk, chosen):
    for number, body in enumerate(["a private sorrow that will HANG", "first", "second"]):
        desk.submit(str(number), body)
    ended = 0
    while (process := run("import zoo; zoo.read_all(read_seconds=1, max_attempts=3)")).wait(60):
        ended += 1
        assert "a private sorrow" not in process.stderr.read()
        # As `heed up` does.
        with store.write() as session:
            release_process(session, process.pid)
        if ended == 3:
            assert set(desk.verdicts()) == {"1", "2"}
        desk.pass_time()
        assert ended < 10
    assert ended == 3
    assert {id_: len(found) for id_, found in desk.verdicts().items()} == {"0": 1, "1": 1, "2": 1}
    with store.read() as session:
        reasons = [verdict.document["not_checked"] for verdict in session.scalars(select(Verdict))]
    assert sorted(reasons, key=str) == [None, None, "failed"]

"""The supervisor keeps real processes running, gives up on those that never start, leaves none behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import alive, until

from workers import child as child_module
from workers import stopping, supervisor
from workers.child import Child
from workers.supervisor import StartFailed, Supervisor

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Kept:
    """A supervisor whose children are of the zoo, and what they said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[tuple[str, str]] = []
        self.died = 0
        self.supervisor = Supervisor(self._count)
        self.stopped = False

    def _count(self) -> None:
        self.died += 1

    def add(self, kind: str) -> Child:
        environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}"}
        hear = lambda name, line: self.lines.append((name, line))  # noqa: E731
        child = Child(kind, ["zoo", kind], environment, self.folder / f"{kind}.log", hear)
        self.supervisor.add(child)
        return child

    def until(self, wanted) -> None:
        def tended() -> bool:
            self.supervisor.tend()
            return wanted()

        until(tended)

    def said(self, pattern: str) -> list[str]:
        return [line for _, line in self.lines if re.search(pattern, line)]

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.supervisor.stop()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 10)
    kept = Kept(tmp_path)
    yield kept
    stopping.request()
    kept.stop()


def test_what_a_process_says_is_heard_and_logged(kept):
    child = kept.add("stays")
    kept.until(lambda: kept.said("stays runs"))
    assert child.log.read_text() == "stays runs\n"


def test_a_process_that_is_killed_is_started_again(kept):
    child = kept.add("stays")
    kept.until(lambda: kept.said("stays runs"))
    pid = child.process.pid
    os.kill(pid, signal.SIGKILL)
    kept.until(lambda: len(kept.said("stays runs")) == 2)
    assert child.process.pid != pid and kept.died == 1


def test_what_a_killed_process_started_goes_with_it(kept):
    child = kept.add("breeds")
    kept.until(lambda: kept.said("stubborn runs"))
    [grandchild] = [int(line.split()[1]) for line in kept.said("^grandchild")]
    os.kill(child.process.pid, signal.SIGKILL)
    kept.until(lambda: kept.died and not alive(grandchild))


def test_a_process_that_never_starts_ends_it_all_with_its_own_words(kept):
    kept.add("fails")
    with pytest.raises(
        StartFailed, match=r"The fails process does not start\. The moon .* Wait a week\. \(More in .*fails\.log"
    ):
        kept.until(lambda: False)
    assert kept.died == supervisor.TRIES


def test_one_that_ran_well_is_never_given_up(kept, monkeypatch):
    child = kept.add("fails")
    child.settled = True
    monkeypatch.setattr(child_module, "LONGEST_PAUSE", 0.1)
    kept.until(lambda: kept.died > supervisor.TRIES)


def test_being_killed_is_no_failure_to_start(kept, monkeypatch):
    monkeypatch.setattr(child_module, "LONGEST_PAUSE", 0.1)
    child = kept.add("stays")
    for count in range(1, supervisor.TRIES + 2):
        kept.until(lambda count=count: len(kept.said("stays runs")) == count)
        os.kill(child.process.pid, signal.SIGKILL)
    kept.until(lambda: kept.died == supervisor.TRIES + 1)


def test_stopping_leaves_no_process(kept):
    children = [kept.add("stays"), kept.add("breeds")]
    kept.until(lambda: kept.said("stays runs") and kept.said("stubborn runs"))
    pids = [child.process.pid for child in children] + [int(kept.said("^grandchild")[0].split()[1])]
    kept.stop()
    assert [alive(pid) for pid in pids] == [False] * 3


def test_the_first_one_is_stopped_last(kept, monkeypatch):
    first, second = kept.add("stays"), kept.add("stays")
    kept.until(lambda: len(kept.said("stays runs")) == 2)
    ended: list[tuple[Child, bool]] = []
    monkeypatch.setattr(first, "stop", lambda: ended.append((first, second.runs)) or Child.stop(first))
    monkeypatch.setattr(second, "stop", lambda: ended.append((second, first.runs)) or Child.stop(second))
    kept.stop()
    assert [(child is first, other_runs) for child, other_runs in ended] == [(False, True), (True, False)]


def test_one_that_does_not_listen_is_ended(kept, monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    child = kept.add("stubborn")
    kept.until(lambda: kept.said("stubborn runs"))
    pid = child.process.pid
    kept.stop()
    assert not alive(pid)


def test_asked_twice_it_does_not_wait(kept, monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 3600)
    child = kept.add("stubborn")
    kept.until(lambda: kept.said("stubborn runs"))
    pid = child.process.pid
    monkeypatch.setattr(child, "stop", lambda: stopping.request())
    kept.stop()
    assert not alive(pid)


def test_a_part_that_is_never_ready_is_named(kept):
    kept.add("stays")
    with pytest.raises(StartFailed, match="The queue is not ready"):
        kept.supervisor.wait_for(lambda: False, 0.3, "The queue")


def test_killed_itself_it_leaves_no_process(tmp_path):
    code = f"""if True:
        import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}, {str(ROOT)!r}]
        from pathlib import Path
        from test_supervisor import Kept
        kept = Kept(Path({str(tmp_path)!r}))
        child = kept.add("stays")
        kept.until(lambda: kept.said("stays runs"))
        print(child.process.pid, flush=True)
        kept.supervisor.run()
    """
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    pid = int(running.stdout.readline())
    assert alive(pid)
    running.kill()
    running.wait()
    running.stdout.close()
    until(lambda: not alive(pid), what="the end of the child")


def test_a_log_that_grew_long_is_put_aside(kept, monkeypatch):
    monkeypatch.setattr(child_module, "LOG_BYTES", 10)
    child = kept.add("stays")
    kept.until(lambda: kept.said("stays runs"))
    for line in ("one", "two"):
        child._write(line)
    assert child.log.read_text() == "one\ntwo\n"
    assert child.log.with_suffix(".log.1").read_text() == "stays runs\n"


def test_a_log_that_can_not_be_written_stops_nothing(kept):
    (kept.folder / "stays.log").mkdir()
    kept.add("stays")
    kept.until(lambda: kept.said("stays runs"))

"""Processes and ports of this machine, without help of the programs they belong to."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and only waits for its parent to look does not."""
    return pid in _table()


def descendants(pid: int) -> dict[int, str]:
    """Every process that `pid` started, or those in turn, with its command line."""
    table = _table()
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        children = {child: command for child, (parent, command) in table.items() if parent in parents}
        found |= children
        parents = set(children)
    return found


def commands() -> list[str]:
    """The command lines of all processes."""
    return [command for _, command in _table().values()]


def until(wanted: Callable[[], object], seconds: float = 60, what: str = "it") -> None:
    """Wait for what takes its time on a busy machine; fails loudly where it never comes."""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)


def _table() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process that runs."""
    if (PROC / "self" / "stat").exists():
        return {int(entry.name): row for entry in PROC.iterdir() if entry.name.isdecimal() and (row := _row(entry))}
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    return {int(pid): (int(ppid), *rest) for pid, ppid, state, *rest in rows if not state.startswith("Z")}


def _row(entry: Path) -> tuple[int, str] | None:
    try:
        # The name stands in brackets and may hold anything.
        state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    return None if state == "Z" else (int(parent), command)

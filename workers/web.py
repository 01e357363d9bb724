"""`heed web`: gunicorn by our settings, without a file of its own."""

from __future__ import annotations

import errno
import math
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from service import tracing
from service.errors import ConfigurationError
from service.settings import Settings, settings
from workers.encryption import check_keys
from workers.logs import formatter, start_logs
from workers.parent import watch_parent

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Names prometheus_client's folder, where the processes of one web server count requests together."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its own unguessable file there
INVALID = "Invalid request"
"""How gunicorn begins to tell of a request that can't be read."""
SILENT_SECONDS = 60
"""A web process that gives no sign of life for this long is replaced."""


class ServerLog(Logger):
    """gunicorn's log in our shape, without a word of a request: where it can't be read, a piece of a post may stand in the place
    of its first line, and an address may name an author.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter())

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().warning(INVALID if str(msg).startswith(INVALID) else msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception("a request failed", **kwargs)


class Server(BaseApplication):
    """gunicorn with the web application; each process makes its own, so no connection is shared by a fork."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from service.web import create_app

        start_logs()
        try:
            # In each process: what sends the spans does not live through a fork.
            tracing.start("web")
            return create_app()
        except ConfigurationError as error:
            print(f"Error: {error}", file=sys.stderr, flush=True)
            sys.exit(1)


def serve() -> None:
    """Serve until told to stop; requests in hand are finished first.

    Raises ConfigurationError where the port is taken, a setting is wrong or a key is missing.
    """
    chosen = settings()
    check_keys()
    check_port(chosen.host, chosen.port)
    start_logs()
    watch_parent()
    # Before anything loads prometheus_client, which looks at it once.
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="heed-metrics-")
    Server(options(chosen)).run()


def options(chosen: Settings) -> dict[str, Any]:
    """gunicorn's settings by ours."""
    host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    return {
        "bind": f"{host}:{chosen.port}",
        "workers": chosen.web_workers,
        "threads": chosen.web_threads,
        "worker_class": "gthread",
        "timeout": SILENT_SECONDS,
        # Whoever waits for a verdict by `?wait=` still gets it.
        "graceful_timeout": math.ceil(chosen.wait_seconds_max) + 5,
        "keepalive": 5,
        "loglevel": "warning",
        "logger_class": ServerLog,
        # Processes show they live by touching a file there; on a slow disk that would stall them.
        "worker_tmp_dir": str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None,
        # HEED_TRUSTED_PROXIES alone says which X-Forwarded-* headers count.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        # It would be a socket in the home folder of whoever runs it.
        "control_socket_disable": True,
        "on_exit": lambda _server: shutil.rmtree(os.environ[FOLDER], ignore_errors=True),
    }


def check_port(host: str, port: int) -> None:
    """Raise ConfigurationError where nothing can listen there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as trial:
            # As gunicorn does: a port whose last connections are still closing counts as free.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise ConfigurationError(_why_not(host, port, error)) from None


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program. Stop it, or choose another port: HEED_PORT={port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} may be used by root only. Choose one above 1023: HEED_PORT=8099."
    return f"Heed can't listen on {host}. HEED_HOST names an address of this machine, such as 127.0.0.1 or 0.0.0.0."

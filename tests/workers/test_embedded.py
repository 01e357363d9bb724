"""The embedded queue: a real Valkey that only its owner reaches, that keeps its keys and never outlives us."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from processes import alive, until
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError, RedisError

from service.errors import ConfigurationError
from service.wakeup import connect
from workers import embedded
from workers.embedded import SOCKET_BYTES, prepare, secret_file

ROOT = Path(__file__).parents[2]


class Keeper:
    """`python -m workers.embedded` as a process."""

    def __init__(self, data_dir: Path, **options) -> None:
        command = [sys.executable, "-m", "workers.embedded", str(data_dir)]
        self.where = prepare(data_dir)
        self.running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, **options)

    def ready(self) -> Redis:
        until(lambda: self.server_runs, what="the server")
        assert self.running.poll() is None
        return connect(self.where.url)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.running.send_signal(number)
        return self.running.wait(20)

    @property
    def server_runs(self) -> bool:
        try:
            return bool(connect(self.where.url).ping())
        except (RedisError, OSError):
            return False


@pytest.fixture
def keep():
    keepers: list[Keeper] = []

    def start(data_dir: Path, **options) -> Keeper:
        keepers.append(Keeper(data_dir, **options))
        return keepers[-1]

    yield start
    for keeper in keepers:
        keeper.running.kill()
        keeper.running.wait()
        embedded.end_leftover(keeper.where)


# A space, a quote and letters beyond ASCII: a home folder may have them all.
@pytest.mark.parametrize("name", ["data", 'da ta "ü" %20 #?'])
def test_it_serves_with_append_only_file_and_without_eviction(keep, tmp_path, name):
    connection = keep(tmp_path / name).ready()
    told = connection.config_get("appendonly", "maxmemory-policy", "port", "unixsocketperm")
    told = {key.decode() if isinstance(key, bytes) else key: value for key, value in told.items()}
    assert told == {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0", "unixsocketperm": "700"}


def test_only_its_owner_reaches_it_and_only_with_the_password(keep, tmp_path):
    keeper = keep(tmp_path)
    keeper.ready()
    for path in (keeper.where.socket, keeper.where.folder, keeper.where.folder / "password"):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    with pytest.raises(AuthenticationError):
        Redis(unix_socket_path=str(keeper.where.socket)).ping()


def test_its_keys_are_there_again_the_next_time(keep, tmp_path):
    first = keep(tmp_path)
    first.ready().set("kept", "yes")
    assert first.end() == 0
    assert not first.server_runs
    assert keep(tmp_path).ready().get("kept") == b"yes"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_the_server(keep, tmp_path, number):
    keeper = keep(tmp_path)
    keeper.ready()
    assert keeper.end(number) == 0
    with pytest.raises(ConnectionError):
        connect(keeper.where.url).ping()


def test_it_ends_the_server_once_its_supervisor_is_gone(keep, tmp_path):
    lifeline, end = os.pipe()
    keeper = keep(tmp_path, pass_fds=[lifeline], env={**os.environ, "HEED_PARENT_PIPE": str(lifeline)})
    os.close(lifeline)
    keeper.ready()
    os.close(end)
    assert keeper.running.wait(20) == 0
    assert not keeper.server_runs


def test_a_server_left_over_from_a_killed_run_gives_way(keep, tmp_path):
    first = keep(tmp_path)
    first.ready().set("kept", "yes")
    pid = first.ready().info()["process_id"]
    first.end(signal.SIGKILL)
    assert first.server_runs
    second = keep(tmp_path)
    until(lambda: not alive(pid), what="the end of the server left over")
    assert second.ready().get("kept") == b"yes"


@pytest.fixture
def temporary(monkeypatch):
    """A temporary folder of our own with a short name."""
    with tempfile.TemporaryDirectory(prefix="h-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_path_too_long_for_a_socket_gets_a_short_one(temporary, keep, tmp_path):
    keeper = keep(tmp_path / ("d" * 60) / ("e" * 60))
    assert len(os.fsencode(keeper.where.socket)) <= SOCKET_BYTES and keeper.where.socket.is_relative_to(temporary)
    keeper.ready()
    assert not keeper.where.socket.parent.stat().st_mode & 0o077
    keeper.end()


def test_a_short_folder_that_others_may_enter_is_refused(temporary, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    prepare(deep).socket.parent.chmod(0o755)
    with pytest.raises(ConfigurationError, match="HEED_DATA_DIR"):
        prepare(deep)


def test_a_secret_is_made_once(tmp_path):
    path = tmp_path / "secret"
    first = secret_file(path)
    assert len(first) >= 32 and secret_file(path) == first
    assert secret_file(tmp_path / "other") != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("")
    assert len(secret_file(path)) >= 32

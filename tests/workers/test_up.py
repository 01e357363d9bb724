"""`heed up` before it starts anything: what it fills in, and its one sentence where it can't start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processes import commands

from service.settings import DEFAULT_SECRET, settings
from service.wakeup import connect
from workers.machine import alone
from workers.up import environment_of, reachable

ROOT = Path(__file__).parents[2]


def heed_up(**environment: object) -> subprocess.CompletedProcess:
    named = {name: str(value) for name, value in environment.items()}
    command = [sys.executable, "-m", "workers.cli", "up"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **named}, capture_output=True, text=True, timeout=120)


def test_what_is_not_set_is_filled_in(settings_env, tmp_path):
    settings_env(HEED_PORT=9100)
    (tmp_path / "data").mkdir()
    filled = environment_of(settings())
    assert filled["HEED_PUBLIC_URL"] == "http://127.0.0.1:9100"
    assert filled["HEED_DATA_DIR"] == str(tmp_path / "data")
    assert filled["HEED_SECRET_KEY"] not in {"", DEFAULT_SECRET} and len(filled["HEED_SECRET_KEY"]) >= 32
    assert connect(filled["HEED_REDIS_URL"]).connection_pool.connection_kwargs["path"].startswith(str(tmp_path))
    # Sessions of the last run still count.
    assert environment_of(settings()) == filled


def test_what_is_set_stays(settings_env):
    chosen = {
        "HEED_REDIS_URL": "redis://queue.example:6379/0",
        "HEED_SECRET_KEY": "x" * 32,
        "HEED_PUBLIC_URL": "https://heed.example",
    }
    settings_env(**chosen)
    assert chosen.items() <= environment_of(settings()).items()


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8099"), ("::", "http://[::1]:8099"), ("heed.example", "http://heed.example:8099")],
)
def test_the_public_address_is_one_to_connect_to(settings_env, tmp_path, host, url):
    settings_env(HEED_HOST=host)
    (tmp_path / "data").mkdir()
    assert environment_of(settings())["HEED_PUBLIC_URL"] == url
    assert reachable(host) not in {"0.0.0.0", "::"}


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = heed_up(HEED_PORT=taken.getsockname()[1], HEED_DATA_DIR=tmp_path)
    assert done.returncode == 1 and "is in use by another program" in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_data_folder_in_use_is_one_sentence(tmp_path):
    with alone(tmp_path):
        done = heed_up(HEED_DATA_DIR=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("Error: Another `heed up` runs")
    assert done.stderr.count("\n") == 1


def test_a_database_that_can_not_be_reached_is_one_sentence(tmp_path):
    url = "postgresql+psycopg://heed:sorrow@127.0.0.1:1/heed"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = heed_up(HEED_DATABASE_URL=url, HEED_DATA_DIR=tmp_path, HEED_PORT=port)
    assert done.returncode == 1 and "HEED_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr and "sorrow" not in done.stderr


def test_a_model_that_is_missing_is_one_sentence_and_leaves_no_process(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = heed_up(HEED_MODEL=tmp_path, HEED_DATA_DIR=tmp_path / "data", HEED_PORT=port)
    assert done.returncode == 1 and "The classify process does not start." in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not any(str(tmp_path / "data") in command for command in commands())


def test_damaged_files_of_the_queue_are_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    files = tmp_path / "queue" / "appendonlydir"
    files.mkdir(parents=True)
    (files / "appendonly.aof.manifest").write_text("nonsense\n")
    done = heed_up(HEED_DATA_DIR=tmp_path, HEED_PORT=port)
    assert done.returncode == 1 and "Traceback" not in done.stderr + done.stdout
    assert f"delete the folder {tmp_path / 'queue'}" in done.stderr
    assert "FATAL" in (tmp_path / "logs" / "queue.log").read_text().upper()

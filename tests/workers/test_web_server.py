"""`heed web`: gunicorn by our settings, stopping gracefully, with a sentence for a port that is taken."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from processes import free_port, until

from service.errors import ConfigurationError
from service.settings import settings
from workers.web import check_port, options

ROOT = Path(__file__).parents[2]


class Web:
    """`heed web` as a process."""

    def __init__(self, port: int, **options) -> None:
        environment = {**os.environ, "HEED_PORT": str(port), **options.pop("env", {})}
        command = [sys.executable, "-m", "workers.cli", "web"]
        self.port = port
        self.running = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
        )

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), response.headers

    def ready(self) -> None:
        def answers() -> bool:
            assert self.running.poll() is None, self.running.stderr.read()
            with suppress(OSError):
                return self.get("/readyz")[0] == 200
            return False

        until(answers, what="the web server")

    def end(self) -> tuple[int, str]:
        said = self.running.communicate(timeout=60)[1]
        return self.running.returncode, said


@pytest.fixture
def web(store, valkey):
    running: list[Web] = []

    def start(**more) -> Web:
        running.append(Web(free_port(), **more))
        return running[-1]

    yield start
    for one in running:
        if one.running.poll() is None:
            os.killpg(one.running.pid, signal.SIGKILL)
            one.running.wait()
        one.running.stderr.close()


def test_it_serves_and_stops(web):
    server = web()
    server.ready()
    assert server.get("/healthz")[0] == 200
    server.running.send_signal(signal.SIGTERM)
    status, said = server.end()
    assert status == 0 and "Traceback" not in said
    with pytest.raises(ConnectionRefusedError):
        server.get("/healthz")


def test_a_request_in_hand_is_finished_first(web, forum):
    server = web()
    server.ready()
    headers = {"authorization": f"Bearer {forum.api_key}", "content-type": "application/json"}
    answers: list[int] = []

    def wait_for_a_verdict() -> None:
        body = '{"id": "1", "body": "words"}'
        answers.append(server.get("/v1/posts?wait=3", headers, "POST", body)[0])

    thread = threading.Thread(target=wait_for_a_verdict)
    thread.start()
    until(lambda: server.get("/v1/posts/1", headers)[0] == 200, what="the post")
    server.running.send_signal(signal.SIGTERM)
    thread.join(30)
    assert answers == [202]
    assert server.end()[0] == 0


def test_it_stops_once_its_supervisor_is_gone(web):
    lifeline, keep = os.pipe()
    server = web(pass_fds=[lifeline], env={"HEED_PARENT_PIPE": str(lifeline)})
    os.close(lifeline)
    server.ready()
    os.close(keep)
    assert server.end()[0] == 0


def test_a_port_that_is_taken_is_one_sentence(store, valkey):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = Web(port).end()
    assert status == 1 and said.startswith(f"Error: Port {port} is in use")
    assert f"HEED_PORT={port + 1}" in said and said.count("\n") == 1


def test_an_address_of_another_machine_is_one_sentence():
    with pytest.raises(ConfigurationError, match="HEED_HOST"):
        check_port("192.0.2.1", 8099)
    with pytest.raises(ConfigurationError, match="HEED_HOST"):
        check_port("nowhere.invalid", 8099)


def test_a_port_of_connections_still_closing_is_free():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()
    check_port("127.0.0.1", port)


def test_the_settings_reach_gunicorn(settings_env):
    settings_env(HEED_HOST="::1", HEED_PORT=9001, HEED_WEB_WORKERS=3, HEED_WEB_THREADS=5, HEED_WAIT_SECONDS_MAX=30)
    chosen = options(settings())
    assert (chosen["bind"], chosen["workers"], chosen["threads"]) == ("[::1]:9001", 3, 5)
    assert chosen["graceful_timeout"] > 30


def test_headers_of_a_proxy_count_for_nothing_unless_it_is_trusted(web):
    server = web()
    server.ready()
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "SCRIPT_NAME": "/elsewhere"}
    status, _, headers = server.get("/healthz", forged)
    assert status == 200 and "Strict-Transport-Security" not in headers
    trusting = web(env={"HEED_TRUSTED_PROXIES": "1"})
    trusting.ready()
    assert "Strict-Transport-Security" in trusting.get("/healthz", forged)[2]


def test_it_leaves_nothing_in_the_home_folder(web, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    server = web(env={"HOME": str(home)})
    server.ready()
    assert list(home.iterdir()) == []


UNREADABLE = (
    # A body that is longer than it says: what is left of it is read as the next request's first line.
    b"POST /v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}xanthippe wrote marmalade\r\n\r\n",
    b"POST /v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: xanthippe\r\n\r\n{}",
    b"POST /v1/posts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxanthippe wrote marmalade\r\n",
    b"POST /v1/posts HTTP/1.1\r\nHost: x\r\nxanthippe wrote: marmalade\r\n\r\n",
    b"GET /v1/authors/xanthippe HTTP/9.9\r\n\r\n",
)


def test_a_request_that_cannot_be_read_is_told_without_its_words(web):
    server = web()
    server.ready()
    for raw in UNREADABLE:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    server.running.send_signal(signal.SIGTERM)
    status, said = server.end()
    assert status == 0 and said.count("WARNING Invalid request") >= 4
    assert "xanthippe" not in said and "marmalade" not in said


def test_its_processes_count_requests_together(web, tmp_path):
    server = web(env={"TMPDIR": str(tmp_path)})
    server.ready()

    def ask() -> None:
        for _ in range(10):
            assert server.get("/v1/posts/nobody")[0] == 401

    def counting() -> set[int]:
        return {int(file.stem.rpartition("_")[2]) for file in tmp_path.glob("heed-metrics-*/histogram_*.db")}

    ask()
    first = counting()
    for process in first:
        os.kill(process, signal.SIGKILL)
    server.ready()
    ask()
    assert first < counting(), "nobody took over"
    counted = 'heed_http_request_seconds_count{method="GET",route="/v1/posts/<path:post_id>",status="4xx"} 20.0'
    assert counted in server.get("/metrics")[1].decode()
    server.running.send_signal(signal.SIGTERM)
    assert server.end()[0] == 0
    assert list(tmp_path.glob("heed-metrics-*")) == []

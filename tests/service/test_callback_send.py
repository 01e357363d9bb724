"""One attempt against real servers: signed, bounded, to the address checked, telling no secrets."""

import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook

from service.callback.send import BODY_BYTES, send
from service.keys import new_secret

SECRET = new_secret()
PAYLOAD = {"type": "post.verdict", "data": {"action": "hold", "note": "grüße"}}


@contextmanager
def talking(answer: bytes, *, slowly: float = 0.0):
    """A server that answers each connection with these very bytes; yields its URL and what it heard."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                request = b""
                while b"\r\n\r\n" not in request or len(request.partition(b"\r\n\r\n")[2]) < length(request):
                    request += connection.recv(65536)
                heard.append(request)
                try:
                    for byte in (answer[i : i + 1] for i in range(len(answer))) if slowly else (answer,):
                        connection.sendall(byte)
                        if slowly and done.wait(slowly):
                            return
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/heed", heard
    finally:
        done.set()
        listener.close()


def length(request: bytes) -> int:
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def attempt(url: str, seconds: float = 5, allow_private: bool = True):
    return send(url, [SECRET], "msg_1", PAYLOAD, seconds=seconds, allow_private=allow_private)


def test_what_is_sent_verifies():
    with talking(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (url, heard):
        answer = attempt(url)
    assert answer.accepted and answer.status == 200 and answer.error == ""
    head, _, body = heard[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if "signature" not in line)
    signature = next(line for line in head.decode().split("\r\n") if line.startswith("webhook-signature"))
    headers["webhook-signature"] = signature.split(": ", 1)[1]
    assert Webhook(SECRET).verify(body, headers) == PAYLOAD
    assert headers["webhook-id"] == "msg_1" and headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_end_the_attempt(status):
    with talking(f"HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:1/\r\n\r\n".encode()) as (url, heard):
        answer = attempt(url)
    assert not answer.accepted and answer.status == status and len(heard) == 1


def test_a_private_address_gets_no_connection():
    with talking(b"HTTP/1.1 200 OK\r\n\r\n") as (url, heard):
        answer = attempt(url, allow_private=False)
        assert attempt(url.replace("127.0.0.1", "localhost"), allow_private=False).status is None
    assert answer.status is None and "private" in answer.error and heard == []


def test_a_public_name_of_a_private_address_gets_no_connection(monkeypatch):
    with talking(b"HTTP/1.1 200 OK\r\n\r\n") as (url, heard):
        ask = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: ask("127.0.0.1", *more, **named))
        answer = attempt(url.replace("127.0.0.1", "forum.example.org"), allow_private=False)
    assert heard == [] and "private" in answer.error


def test_a_name_that_changes_its_address_after_the_check_is_no_way_in(monkeypatch):
    """The name server says loopback from the second question on; there is no second question."""
    with talking(b"HTTP/1.1 200 OK\r\n\r\n") as (url, heard):
        port = int(url.split(":")[2].split("/")[0])
        asked: list[str] = []
        ask = socket.getaddrinfo

        def rebinding(host, *more, **named):
            if host != "forum.example.org":
                return ask(host, *more, **named)
            asked.append(host)
            # TEST-NET addresses are not public, so a public one that nobody answers at stands for the forum.
            return ask("93.184.215.14" if len(asked) == 1 else "127.0.0.1", *more, **named)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        answer = attempt(f"http://forum.example.org:{port}/heed", seconds=0.3, allow_private=False)
    assert asked == ["forum.example.org"] and heard == [] and answer.status is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120), ("soon", None), ("-5", None), ("", None), ("Sat, 99 Foo 2026", None)]
)
def test_retry_after_in_seconds(header, seconds):
    with talking(f"HTTP/1.1 503 Busy\r\nretry-after: {header}\r\ncontent-length: 0\r\n\r\n".encode()) as (url, _):
        assert attempt(url).retry_after == seconds


def test_retry_after_as_a_date():
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with talking(f"HTTP/1.1 503 Busy\r\nretry-after: {moment}\r\ncontent-length: 0\r\n\r\n".encode()) as (url, _):
        assert 3000 < attempt(url).retry_after <= 3600


def test_a_server_that_trickles_is_cut_off():
    with talking(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 1000, slowly=0.05) as (url, _):
        answer = attempt(url, seconds=0.5)
    assert (answer.status, answer.error) == (None, "no answer within 0.5 s")


def test_an_endless_body_is_not_read(monkeypatch):
    with talking(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 5_000_000) as (url, _):
        assert attempt(url).accepted
    assert BODY_BYTES <= 65536


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 500]
)
def test_nonsense_is_an_error_in_words(answer):
    with talking(answer) as (url, _):
        found = attempt(url)
    assert found.status is None and found.error.startswith("connection failed")


def test_nobody_there_is_an_error_in_words():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert attempt(f"http://127.0.0.1:{port}/").error == "connection failed (ConnectionRefusedError)"


def test_a_name_that_does_not_exist_is_an_error_in_words(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert attempt("http://forum.invalid/").error == "its name can't be resolved"


def test_plain_http_behind_https_is_an_error_in_words():
    with talking(b"HTTP/1.1 200 OK\r\n\r\n") as (url, _):
        answer = attempt(url.replace("http:", "https:"), seconds=2)
    assert answer.status is None and answer.error


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_nobody_vouches_for_is_refused(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
        + ["-keyout", key, "-out", certificate],
        capture_output=True,
    )
    assert made.returncode == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with pytest.raises(OSError):
            context.wrap_socket(connection, server_side=True).recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    answer = attempt(f"https://127.0.0.1:{listener.getsockname()[1]}/")
    thread.join(5)
    listener.close()
    assert answer.error == "its TLS certificate can't be verified"

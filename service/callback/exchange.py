"""One HTTP request to where callbacks may go: no redirects, bounded in time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from service.callback.address import AddressRefused, Target, check_url, resolve
from service.settings import Settings


def limits(chosen: Settings) -> dict[str, Any]:
    """How long an answer may take and where it may come from, by the settings: for `exchange` and what is made of it."""
    return {"seconds": chosen.callback_timeout_seconds, "allow_private": chosen.allow_private_callbacks}


class Unanswered(Exception):
    """No answer came; the message says why, in words fit for an operator."""


@dataclass(frozen=True)
class Reply:
    """What was answered; `body` up to the bytes that were asked for. It may quote a post, so no `repr` shows it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def exchange(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes = b"",
    *,
    seconds: float,
    allow_private: bool,
    most: int,
) -> Reply:
    """Send a request and read at most `most` bytes of the answer's body. Raises Unanswered.

    `seconds` bounds the whole of it, name look-up aside.
    """
    try:
        target = check_url(url, allow_private=allow_private)
        addresses = resolve(target, allow_private=allow_private)
        return _ask(method, target, addresses, headers, body, seconds, most)
    except AddressRefused as error:
        raise Unanswered(str(error)) from None
    except TimeoutError:
        raise Unanswered(f"no answer within {seconds:g} s") from None
    except ssl.SSLCertVerificationError:
        raise Unanswered("its TLS certificate can't be verified") from None
    except socket.gaierror:
        raise Unanswered("its name can't be resolved") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unanswered(f"connection failed ({type(error).__name__})") from None


def _ask(
    method: str,
    target: Target,
    addresses: list[str],
    headers: dict[str, str],
    body: bytes,
    seconds: float,
    most: int,
) -> Reply:
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
    # Given a socket, http.client opens none of its own: it can't go to another address than the one checked.
    connection.sock = _connect(target, addresses, end)
    try:
        with _deadline(connection.sock, end):
            if target.scheme == "https":
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(connection.sock, server_hostname=target.host)
            connection.request(method, target.path, body or None, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read(most))
    except (OSError, http.client.HTTPException):
        if time.monotonic() >= end:
            raise TimeoutError from None
        raise
    finally:
        connection.close()


def _connect(target: Target, addresses: list[str], end: float) -> socket.socket:
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            return socket.create_connection((address, target.port), timeout=max(0.1, end - time.monotonic()))
        except OSError as error:
            failure = error
    raise failure


@contextmanager
def _deadline(sock: socket.socket, end: float) -> Iterator[None]:
    """Cut the connection off at `end`: a server that sends a byte now and then never runs into a socket's own limit."""
    raw = socket.socket(fileno=socket.dup(sock.fileno()))

    def cut() -> None:
        with suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        raw.close()

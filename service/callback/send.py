"""One attempt to deliver a callback: signed by Standard Webhooks, no redirects, bounded in time and size."""

from __future__ import annotations

import email.utils
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from service.callback.address import AddressRefused, Target, check_url, resolve
from service.tracing import carried

BODY_BYTES = 4096
"""What is read of an answer's body, so that the connection ends cleanly; none of it is kept."""
AGENT = "Heed-Callback/1"


@dataclass(frozen=True)
class Answer:
    """What came of an attempt: a status, or an error in words fit for an operator."""

    status: int | None = None
    error: str = ""
    retry_after: float | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(
    url: str, secrets: Sequence[str], message_id: str, payload: dict[str, Any], *, seconds: float, allow_private: bool
) -> Answer:
    """POST `payload` to `url`; never raises. `seconds` bounds the whole attempt, name look-up aside.

    It is signed by each of the `secrets`, so that a forum may go on to a new one when it likes; not at all where there are none.
    """
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        target = check_url(url, allow_private=allow_private)
        addresses = resolve(target, allow_private=allow_private)
        return _post(target, addresses, body, _headers(secrets, message_id, body), seconds)
    except AddressRefused as error:
        return Answer(error=str(error))
    except TimeoutError:
        return Answer(error=f"no answer within {seconds:g} s")
    except ssl.SSLCertVerificationError:
        return Answer(error="its TLS certificate can't be verified")
    except socket.gaierror:
        return Answer(error="its name can't be resolved")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(error=f"connection failed ({type(error).__name__})")


def _headers(secrets: Sequence[str], message_id: str, body: bytes) -> dict[str, str]:
    moment = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "connection": "close",
    }
    if here := carried():
        headers["traceparent"] = here
    if secrets:
        signatures = (Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets)
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def _post(target: Target, addresses: list[str], body: bytes, headers: dict[str, str], seconds: float) -> Answer:
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
    # Given a socket, http.client opens none of its own: it can't go to another address than the one checked.
    connection.sock = _connect(target, addresses, end)
    try:
        with _deadline(connection.sock, end):
            if target.scheme == "https":
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(connection.sock, server_hostname=target.host)
            connection.request("POST", target.path, body, headers)
            response = connection.getresponse()
            response.read(BODY_BYTES)
            return _answer(response)
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


def _answer(response: http.client.HTTPResponse) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status)
    said = "redirects, which are not followed" if 300 <= status < 400 else f"answered {status}"
    return Answer(status, said, _retry_after(response.getheader("retry-after", "")))


def _retry_after(value: str) -> float | None:
    """Seconds asked for, given as a number or as an HTTP date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

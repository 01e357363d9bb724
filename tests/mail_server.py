"""A real mail server on a free port that keeps what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from processes import free_port


class _Keep:
    def __init__(self) -> None:
        self.kept: list[EmailMessage] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: ANN001, N802
        self.kept.append(message_from_bytes(envelope.content, policy=default))
        return "250 kept"


@contextmanager
def mail_server() -> Iterator[tuple[str, list[EmailMessage]]]:
    """Its URL, and the messages it has got."""
    handler = _Keep()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", handler.kept
    finally:
        controller.stop()

"""Traces of a post's way, from intake through RQ to callback, where `HEED_TRACES_URL` names a collector of OpenTelemetry's.

Without it Heed loads nothing of OpenTelemetry and does nothing. Spans hold ids, counts, states and types of errors: never a
word of a post, an exception's words, an author or an address. A context waits beside its post, as a W3C `traceparent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from service.errors import ConfigurationError
from service.settings import settings

if TYPE_CHECKING:
    from service.telemetry import Note, Telemetry

PACKAGE = "opentelemetry"
TRACEPARENT = "traceparent"
"""W3C's header for a context; what it is called in the `meta` of a job of RQ, too."""
MISSING = (
    "HEED_TRACES_URL needs OpenTelemetry. Install it (pip install --require-hashes -r requirements/otel.txt), or take the "
    "setting away."
)

_telemetry: Telemetry | None = None


class Silence:
    """What takes notes of a span where there is none."""

    def tell(self, name: str, value: str | int | None) -> None:
        """Forget it."""

    def fail(self, kind: str) -> None:
        """Forget it."""


OFF: AbstractContextManager[Silence] = nullcontext(Silence())


def start(process: str) -> None:
    """Trace this process, where `HEED_TRACES_URL` is set. Raises ConfigurationError where that can't be done."""
    url = settings().traces_url
    if not url:
        return
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError("HEED_TRACES_URL must be a whole address, such as http://collector:4318/v1/traces.")
    try:
        from service.telemetry import by_collector
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(PACKAGE):
            raise
        raise ConfigurationError(MISSING) from None
    use(by_collector(url, process))


def use(telemetry: Telemetry | None) -> None:
    """Trace this process by `telemetry` from now on; None: not at all."""
    global _telemetry
    _telemetry = telemetry


def is_on() -> bool:
    return _telemetry is not None


def span(
    name: str,
    attributes: Mapping[str, str | int] | None = None,
    *,
    kind: str = "internal",
    parent: str = "",
    links: Sequence[str] = (),
) -> AbstractContextManager[Note | Silence]:
    """A span around a block, inside the current one or inside that of the traceparent `parent`."""
    return _telemetry.span(name, attributes, kind, parent, links) if _telemetry else OFF


def share(name: str, parent: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[Note | Silence]:
    """What the current span does for the trace of `parent`: a span there that began when this one did, linked to it."""
    return _telemetry.share(name, parent, attributes) if _telemetry else OFF


def carried() -> str:
    """The current span's traceparent, to go on with elsewhere; empty where there is none."""
    return _telemetry.carried() if _telemetry else ""


def ids() -> dict[str, str]:
    """The current trace and span, as logs name them."""
    return _telemetry.ids() if _telemetry else {}

"""The part of tracing that needs OpenTelemetry; `service.tracing` loads it where traces are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.tracing import TRACEPARENT

HEED = "heed"

_w3c = TraceContextTextMapPropagator()


def by_collector(url: str, process: str) -> Telemetry:
    """Spans go to the collector at `url` by OTLP, in batches; `OTEL_…` variables say the rest, such as how many."""
    provider = TracerProvider(
        resource=Resource.create({"service.namespace": HEED, "service.name": f"{HEED}-{process}"})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return Telemetry(provider)


@dataclass(frozen=True)
class Note:
    """What is said of a span while it runs."""

    span: Span

    def tell(self, name: str, value: str | int | None) -> None:
        if value is not None:
            self.span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """It went wrong by an error of this kind."""
        self.span.set_attribute("error.type", kind)
        self.span.set_status(StatusCode.ERROR)


class Telemetry:
    """Spans by a provider of OpenTelemetry's SDK."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(HEED)

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Mapping[str, str | int] | None = None,
        kind: str = "internal",
        parent: str = "",
        links: Sequence[str] = (),
        began: int | None = None,
    ) -> Iterator[Note]:
        made = self._tracer.start_span(
            name, _context(parent) if parent else None, SpanKind[kind.upper()], attributes, _links(links), began
        )
        note = Note(made)
        # What the SDK would keep of an exception quotes it.
        with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield note
            except Exception as error:
                note.fail(type(error).__name__)
                raise

    def share(self, name: str, parent: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[Note]:
        batch = trace.get_current_span()
        return self.span(name, attributes, "consumer", parent, [self.carried()], getattr(batch, "start_time", None))

    def carried(self) -> str:
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    def ids(self) -> dict[str, str]:
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return {}
        return {"trace_id": trace.format_trace_id(here.trace_id), "span_id": trace.format_span_id(here.span_id)}


def _context(traceparent: str) -> Context:
    """The context of a traceparent, and of nothing else that is under way here."""
    return _w3c.extract({TRACEPARENT: traceparent}, Context())


def _links(traceparents: Sequence[str]) -> list[Link]:
    contexts = [trace.get_current_span(_context(each)).get_span_context() for each in traceparents if each]
    return [Link(context) for context in contexts if context.is_valid]

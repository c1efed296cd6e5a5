"""OpenTelemetry behind the platform's spans: ids, sampling, and what ended spans wait in until they are written."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace import Span as SDKSpan
from opentelemetry.util.types import Attributes

from shared.domain.span import Attribute
from shared.ports.span_sink import SpanSink
from shared.tracing.buffer import SpanBuffer
from shared.tracing.carriers import Place

_LIMITS = SpanLimits(
    max_span_attributes=64,
    max_event_attributes=16,
    max_events=64,
    max_links=32,
    max_span_attribute_length=256,
)
# A trace that has an id already, and no span yet.
_given_trace_id: ContextVar[int] = ContextVar("given_trace_id", default=0)


class Recorder:
    """Makes spans and hands them, when they have ended, to a sink."""

    def __init__(self, sink: SpanSink, *, service: str, sample_ratio: float) -> None:
        self._buffer = SpanBuffer(sink, service=service)
        self._provider = TracerProvider(
            sampler=_Sampler(sample_ratio),
            resource=Resource({"service.name": service}),
            id_generator=_AmazonIds(),
            span_limits=_LIMITS,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(_ToBuffer(self._buffer))
        self._tracer = self._provider.get_tracer("vaani")

    def begin(
        self,
        name: str,
        *,
        kind: str,
        remote: Place | None,
        above: Place | None,
        links: Sequence[Place],
        attributes: Mapping[str, Attribute],
    ) -> RecordingSpan:
        """Begin a span below `remote`, which another program gave, or below `above`; without either, at the top."""
        context = Context()
        given = 0
        if remote is not None and not remote.span_id:
            given = int(remote.trace_id, 16)
        elif place := remote or above:
            context = set_span_in_context(NonRecordingSpan(_context(place, is_remote=remote is not None)), context)
        token = _given_trace_id.set(given)
        try:
            begun = self._tracer.start_span(
                name,
                context=context,
                kind=SpanKind[kind.upper()],
                attributes=attributes,
                links=[Link(_context(place, is_remote=True)) for place in links],
                record_exception=False,
                set_status_on_exception=False,
            )
        finally:
            _given_trace_id.reset(token)
        return RecordingSpan(begun)

    def finish(self, timeout_s: float) -> None:
        """See `tracing.finish`."""
        self._buffer.finish(timeout_s)

    def close(self) -> None:
        """Take no more spans."""
        self._buffer.close()


class RecordingSpan:
    """A span of OpenTelemetry that is going on."""

    __slots__ = ("_span", "place")

    def __init__(self, span: SDKSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.place = Place(
            trace_id=f"{context.trace_id:032x}",
            span_id=f"{context.span_id:016x}",
            is_sampled=context.trace_flags.sampled,
        )

    def set(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes."""
        if self._span.is_recording():
            self._span.set_attributes(attributes)

    def event(self, name: str, attributes: Mapping[str, Attribute]) -> None:
        """Note that something happened now."""
        if self._span.is_recording():
            self._span.add_event(name, attributes)

    def fail(self, code: str) -> None:
        """Mark it failed."""
        if self._span.is_recording():
            self._span.set_attribute("error.type", code)
            self._span.set_status(Status(StatusCode.ERROR, code))

    def rename(self, name: str) -> None:
        """Call it otherwise."""
        if self._span.is_recording():
            self._span.update_name(name)

    def end(self) -> None:
        """End it, if it has not ended yet."""
        if self._span.is_recording():
            self._span.end()


class _AmazonIds(IdGenerator):
    """Trace ids that begin with the second they were made in, as X-Ray wants them.

    Source: AWS X-Ray, "Sending trace data to AWS X-Ray", trace id.
    """

    def generate_span_id(self) -> int:
        """Sixteen hexadecimal digits, not all of them 0."""
        return random.getrandbits(64) or 1  # nosec B311 - an id, no secret

    def generate_trace_id(self) -> int:
        """Thirty-two of them, or those that were given."""
        made = (int(time.time()) << 96) | random.getrandbits(96)  # nosec B311 - an id, no secret
        return _given_trace_id.get() or made


class _Sampler(Sampler):
    """Follows the span above, if that is ours or a queue brought it; a server decides by the trace's id.

    So no stranger makes us keep more than we want. What is not sampled is recorded all the same: should it fail, it is
    kept.
    """

    def __init__(self, ratio: float) -> None:
        self._by_id = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002 - of the class it replaces
        trace_state: TraceState | None = None,  # noqa: ARG002 - likewise
    ) -> SamplingResult:
        """See `Sampler.should_sample`."""
        above = get_current_span(parent_context).get_span_context()
        if above.is_valid and not (above.is_remote and kind is SpanKind.SERVER):
            is_sampled = above.trace_flags.sampled
        else:
            is_sampled = self._by_id.should_sample(None, trace_id, name).decision is Decision.RECORD_AND_SAMPLE
        return SamplingResult(Decision.RECORD_AND_SAMPLE if is_sampled else Decision.RECORD_ONLY, attributes)

    def get_description(self) -> str:
        """See `Sampler.get_description`."""
        return f"Vaani({self._by_id.get_description()})"


class _ToBuffer(SpanProcessor):
    """Gives the buffer each span that has ended."""

    def __init__(self, buffer: SpanBuffer) -> None:
        self._buffer = buffer

    def on_end(self, span: ReadableSpan) -> None:
        """See `SpanProcessor.on_end`."""
        self._buffer.put(span)


def _context(place: Place, *, is_remote: bool) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.is_sampled else TraceFlags.DEFAULT)
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=is_remote, trace_flags=flags)

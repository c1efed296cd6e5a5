"""What was told to traces while a test ran, and what must hold of a call's, however the call came to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from shared import tracing
from shared.domain.span import FinishedSpan
from shared.tracing.finished import finished
from shared.tracing.spans import _Switch


class Names:
    """A sink that keeps the names of what was handed over. Implements SpanSink."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """See `SpanSink.write`."""
        self.written += [span.name for span in spans]
        return 0


class Traces(SpanProcessor):
    """Sees every span when it begins and when it ends."""

    def __init__(self) -> None:
        self.sink = Names()
        self.begun: dict[str, str] = {}
        self.ended: list[FinishedSpan] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """See `SpanProcessor.on_start`."""
        self.begun[f"{span.get_span_context().span_id:016x}"] = span.name

    def on_end(self, span: ReadableSpan) -> None:
        """See `SpanProcessor.on_end`."""
        self.ended.append(finished(span))

    @property
    def open(self) -> list[str]:
        """The names of the spans that have not ended."""
        ended = {span.span_id for span in self.ended}
        return [name for span_id, name in self.begun.items() if span_id not in ended]

    def named(self, name: str) -> list[FinishedSpan]:
        """The spans of this name, in the order in which they began."""
        return sorted((span for span in self.ended if span.name == name), key=lambda span: span.started_ns)

    def only(self, name: str) -> FinishedSpan:
        """The one span of this name."""
        (span,) = self.named(name)
        return span

    def below(self, parent: FinishedSpan) -> list[str]:
        """The names of the spans directly below another, in the order in which they began."""
        children = (span for span in self.ended if span.parent_id == parent.span_id)
        return [span.name for span in sorted(children, key=lambda span: span.started_ns)]

    def assert_whole(self) -> None:
        """Every span has ended once, within its call; the call is the only one with nothing above it."""
        assert self.open == []
        assert len(self.ended) == len(self.begun)
        spans = {span.span_id: span for span in self.ended}
        for span in self.ended:
            assert span.ended_ns >= span.started_ns
            assert (span.name == "call") == (span.parent_id not in spans)
            if span.name != "call":
                assert span.started_ns >= spans[span.parent_id].started_ns
        for call in self.named("call"):
            assert all(span.trace_id == call.trace_id and span.ended_ns <= call.ended_ns for span in self.ended)

    def words(self) -> str:
        """All that the spans hold beside names and times."""
        told: list[Any] = [(span.name, dict(span.attributes), span.events, span.error) for span in self.ended]
        return repr(told)


@contextmanager
def traced() -> Iterator[Traces]:
    """Trace what happens within."""
    traces = Traces()
    tracing.configure(traces.sink, service="stream_service")
    recorder = _Switch.recorder
    assert recorder is not None
    recorder._provider.add_span_processor(traces)
    try:
        yield traces
    finally:
        tracing.configure(None)

"""From an ended span of OpenTelemetry to the platform's own, without anything that may not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from shared.domain.span import Attribute, FinishedSpan, SpanEvent, SpanKind, SpanLink
from shared.observability.redaction import redacted


def finished(span: ReadableSpan) -> FinishedSpan:
    """The span with its attributes masked like a log line: a number that got into one by mistake is not seen."""
    context = span.get_span_context()
    assert context is not None
    return FinishedSpan(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_id=f"{span.parent.span_id:016x}" if span.parent else "",
        has_remote_parent=bool(span.parent and span.parent.is_remote),
        name=span.name,
        kind=SpanKind(span.kind.name.lower()),
        started_ns=span.start_time or 0,
        ended_ns=span.end_time or span.start_time or 0,
        attributes=_shown(span.attributes),
        events=tuple(
            SpanEvent(name=event.name, at_ns=event.timestamp, attributes=_shown(event.attributes))
            for event in span.events
        ),
        links=tuple(
            SpanLink(trace_id=f"{link.context.trace_id:032x}", span_id=f"{link.context.span_id:016x}")
            for link in span.links
        ),
        error=_error(span),
        is_sampled=context.trace_flags.sampled,
    )


def _shown(attributes: Mapping[str, Any] | None) -> Mapping[str, Attribute]:
    shown: Any = redacted(dict(attributes or {}))
    return dict(shown)


def _error(span: ReadableSpan) -> str:
    if span.status.status_code is not StatusCode.ERROR:
        return ""
    return span.status.description or "unknown"

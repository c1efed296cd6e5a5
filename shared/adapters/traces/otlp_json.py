"""Spans in OpenTelemetry's protocol as JSON, the form that its collector reads, and writes to files.

Source: OpenTelemetry Protocol specification, "JSON Protobuf Encoding": ids in hexadecimal, 64-bit numbers as text,
enums as numbers, names in camel case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.span import Attribute, FinishedSpan, SpanKind

SCOPE = "vaani"

_KINDS = {
    SpanKind.INTERNAL: 1,
    SpanKind.SERVER: 2,
    SpanKind.CLIENT: 3,
    SpanKind.PRODUCER: 4,
    SpanKind.CONSUMER: 5,
}
_FAILED = 2
_SAMPLED_FLAG = 0x01
_KNOWS_REMOTE_FLAG = 0x100
_REMOTE_FLAG = 0x200


def encode(service: str, spans: Sequence[FinishedSpan]) -> bytes:
    """The body of one export request, without line breaks."""
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": service})},
                "scopeSpans": [{"scope": {"name": SCOPE}, "spans": [_span(span) for span in spans]}],
            }
        ]
    }
    return json.dumps(request, separators=(",", ":")).encode()


# JSON, written once.
def _span(span: FinishedSpan) -> dict[str, Any]:
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "flags": _flags(span),
        "name": span.name,
        "kind": _KINDS[span.kind],
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes(span.attributes),
        "status": {"code": _FAILED, "message": span.error} if span.error else {},
    }
    if span.parent_id:
        written["parentSpanId"] = span.parent_id
    if span.events:
        written["events"] = [
            {"timeUnixNano": str(event.at_ns), "name": event.name, "attributes": _attributes(event.attributes)}
            for event in span.events
        ]
    if span.links:
        written["links"] = [{"traceId": link.trace_id, "spanId": link.span_id} for link in span.links]
    return written


def _flags(span: FinishedSpan) -> int:
    remote = _REMOTE_FLAG if span.has_remote_parent else 0
    return (_SAMPLED_FLAG if span.is_sampled else 0) | _KNOWS_REMOTE_FLAG | remote


def _attributes(attributes: Mapping[str, Attribute]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Attribute) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [_value(item) for item in value]}}

"""Traces: which work was done for a message or a call, in which order, how long each piece took.

Off until `configure` is given a sink, and then next to nothing happens here; OpenTelemetry is not even imported. A span
holds ids, codes, counts and durations. It never holds what somebody said, nor a number, an address or a token.
"""

from __future__ import annotations

from shared.tracing.carriers import AMAZON, TRACEPARENT
from shared.tracing.requests import FINISH_SECONDS, answered, serving
from shared.tracing.spans import Span, begin, carrier, configure, finish, is_on, note, part, span, trace_id

__all__ = [
    "AMAZON",
    "FINISH_SECONDS",
    "TRACEPARENT",
    "Span",
    "answered",
    "begin",
    "carrier",
    "configure",
    "finish",
    "is_on",
    "note",
    "part",
    "serving",
    "span",
    "trace_id",
]

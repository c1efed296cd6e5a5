"""Spans to write."""

from __future__ import annotations

from typing import Any

from shared.domain.span import FinishedSpan, SpanEvent, SpanKind, SpanLink

TRACE = "6b03f02fe9bacfaa56ab4efd632387e5"


def a_span(**given: Any) -> FinishedSpan:
    values: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": "53995c3f42cd8ad8",
        "name": "request",
        "started_ns": 1_795_420_207_123_456_789,
        "ended_ns": 1_795_420_208_000_000_001,
    }
    return FinishedSpan(**{**values, **given})


def a_full_span() -> FinishedSpan:
    return a_span(
        parent_id="00f067aa0ba902b7",
        has_remote_parent=True,
        name="POST /webhooks/messages/{}",
        kind=SpanKind.SERVER,
        attributes={
            "http.request.method": "POST",
            "http.route": "/webhooks/messages/whatsapp",
            "http.response.status_code": 503,
            "ratio": 0.5,
            "is_first": True,
            "agent_id": "क्लिनिक",
            "large": 2**60,
            "several": ["a", "b"],
        },
        events=(SpanEvent(name="retried", at_ns=1_795_420_207_500_000_000, attributes={"attempt": 2}),),
        links=(SpanLink(trace_id="a" * 32, span_id="b" * 16),),
        error="queue_unavailable",
    )

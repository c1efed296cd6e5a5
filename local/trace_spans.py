"""The traces of a copy, read back from the file that its programs write: spans, put together by trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.adapters.traces.file import previous

_FAILED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span as it was written. Times are nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    started_ns: int
    ended_ns: int
    error: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one trace in the order in which they began."""

    id: str
    spans: tuple[Span, ...]

    @property
    def started_ns(self) -> int:
        """When the first began."""
        return min(span.started_ns for span in self.spans)

    @property
    def ended_ns(self) -> int:
        """When the last ended."""
        return max(span.ended_ns for span in self.spans)

    def tree(self) -> Iterator[tuple[int, Span]]:
        """Each span with its depth, what is below it behind it. One whose parent is missing stands at the top."""
        known = {span.span_id for span in self.spans}
        below: dict[str, list[Span]] = {}
        for span in self.spans:
            below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
        waiting = [(0, span) for span in reversed(below.get("", []))]
        while waiting:
            depth, span = waiting.pop()
            yield depth, span
            waiting += [(depth + 1, child) for child in reversed(below.get(span.span_id, []))]


def read_traces(file: Path) -> list[Trace]:
    """Every trace in the file and in the one before it, the latest last."""
    found: dict[str, dict[str, Span]] = {}
    for path in (previous(file), file):
        for span in _spans(path):
            found.setdefault(span.trace_id, {})[span.span_id] = span
    traces = [
        Trace(name, tuple(sorted(spans.values(), key=lambda span: span.started_ns))) for name, spans in found.items()
    ]
    return sorted(traces, key=lambda trace: trace.started_ns)


def _spans(path: Path) -> Iterator[Span]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                request = json.loads(line)
            except ValueError:  # The line that is being written, or that a full disk cut off.
                continue
            for resource in request.get("resourceSpans", ()):
                service = str(_attributes(resource["resource"]).get("service.name", ""))
                for scope in resource["scopeSpans"]:
                    yield from (_span(span, service) for span in scope["spans"])


def _span(span: Mapping[str, Any], service: str) -> Span:
    status = span.get("status") or {}
    return Span(
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId", ""),
        service=service,
        name=span["name"],
        started_ns=int(span["startTimeUnixNano"]),
        ended_ns=int(span["endTimeUnixNano"]),
        error=str(status.get("message") or "failed") if status.get("code") == _FAILED else "",
        attributes=_attributes(span),
    )


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return {each["key"]: _value(each["value"]) for each in holder.get("attributes", ())}


def _value(value: Mapping[str, Any]) -> Any:
    if "arrayValue" in value:
        return [_value(each) for each in value["arrayValue"].get("values", ())]
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)

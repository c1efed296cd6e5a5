"""Spans as X-Ray's segment documents, each span a document of its own, as OpenTelemetry's collector sends them.

What enters a program is a segment, what happens within it a subsegment that names the one above it. None is sent before
it is over. Source: AWS X-Ray, "AWS X-Ray segment documents"; OpenTelemetry collector, awsxrayexporter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shared.domain.span import Attribute, FinishedSpan, SpanKind

LARGEST_DOCUMENT_BYTES = 60_000
"""X-Ray takes 64 KB."""

WITHIN_FUNCTION = "within_function"
"""An attribute of an entry whose parent is the segment that Lambda itself writes for the invocation."""

_NOT_IN_NAME = re.compile(r"[^\w\s.:/%&#=+\\\-@]")
_NOT_IN_KEY = re.compile(r"\W", re.ASCII)
_LONGEST_NAME = 200
_MOST_ANNOTATIONS = 40
_HTTP = frozenset({"http.request.method", "http.route", "http.response.status_code", "server.address"})
_LAMBDA = "AWS::Lambda::Function"
_CONTAINER = "AWS::ECS::Container"


# A document is JSON.
def document(service: str, span: FinishedSpan, *, is_in_lambda: bool) -> dict[str, Any]:
    """The segment or subsegment of a span."""
    is_segment = span.is_entry and not span.attributes.get(WITHIN_FUNCTION)
    written: dict[str, Any] = {
        "name": _name(service if is_segment else str(span.attributes.get("server.address") or span.name)),
        "id": span.span_id,
        "trace_id": f"1-{span.trace_id[:8]}-{span.trace_id[8:]}",
        "start_time": span.started_ns / 1e9,
        "end_time": max(span.ended_ns, span.started_ns) / 1e9,
        "annotations": _annotations(span),
    }
    if span.parent_id:
        written["parent_id"] = span.parent_id
    if is_segment:
        written["origin"] = _LAMBDA if is_in_lambda else _CONTAINER
    else:
        written["type"] = "subsegment"
        if span.kind is SpanKind.CLIENT:
            written["namespace"] = "remote"
    return written | _http(span) | _failure(span) | _rest(span)


def encode(service: str, span: FinishedSpan, *, is_in_lambda: bool) -> str:
    """The document as JSON; one that would be too large goes without what is only to be read."""
    written = document(service, span, is_in_lambda=is_in_lambda)
    encoded = json.dumps(written, separators=(",", ":"))
    if len(encoded) > LARGEST_DOCUMENT_BYTES:
        written.pop("metadata", None)
        written.pop("links", None)
        encoded = json.dumps(written, separators=(",", ":"))
    return encoded


def _name(name: str) -> str:
    return _NOT_IN_NAME.sub("_", name)[:_LONGEST_NAME] or "unnamed"


def _annotations(span: FinishedSpan) -> dict[str, Attribute]:
    """What traces can be searched by: single values, under names of letters, digits and underscores."""
    single = {
        _NOT_IN_KEY.sub("_", name): value
        for name, value in span.attributes.items()
        if name not in _HTTP and isinstance(value, (str, bool, int, float))
    }
    return {"operation": span.name, **dict(list(single.items())[:_MOST_ANNOTATIONS])}


def _http(span: FinishedSpan) -> dict[str, Any]:
    request = {"method": span.attributes.get("http.request.method"), "url": span.attributes.get("http.route")}
    known = {name: value for name, value in request.items() if value is not None}
    status = span.attributes.get("http.response.status_code")
    http = ({"request": known} if known else {}) | ({"response": {"status": status}} if status is not None else {})
    return {"http": http} if http else {}


def _failure(span: FinishedSpan) -> dict[str, Any]:
    """Who was at fault: with a status of 4xx whoever asked, otherwise whoever was asked."""
    status = span.attributes.get("http.response.status_code")
    flags: dict[str, Any] = {}
    if isinstance(status, int) and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        flags["error"] = True
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            flags["throttle"] = True
    elif span.error or (isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR):
        flags["fault"] = True
    if span.error:
        flags["cause"] = {"exceptions": [{"id": span.span_id, "type": span.error}]}
    return flags


def _rest(span: FinishedSpan) -> dict[str, Any]:
    several: Mapping[str, Any] = {
        name: list(value) for name, value in span.attributes.items() if not isinstance(value, (str, bool, int, float))
    }
    events = [{"name": event.name, "at": event.at_ns / 1e9, **event.attributes} for event in span.events]
    metadata = {**several, **({"events": events} if events else {})}
    written: dict[str, Any] = {"metadata": {"vaani": metadata}} if metadata else {}
    if span.links:
        written["links"] = [
            {"trace_id": f"1-{link.trace_id[:8]}-{link.trace_id[8:]}", "id": link.span_id} for link in span.links
        ]
    return written

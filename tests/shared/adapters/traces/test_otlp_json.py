"""OpenTelemetry's own reader accepts what we write, and reads what we meant."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as some
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from shared.adapters.traces.otlp_json import encode
from shared.domain.span import FinishedSpan
from tests.shared.adapters.traces.spans import a_full_span, a_span

IDS = {"traceId", "spanId", "parentSpanId"}


def read(body: bytes) -> ExportTraceServiceRequest:
    """As any receiver of OTLP/JSON: ids are hexadecimal there, where Protobuf's own JSON has base64.

    A field that the protocol does not know is an error.
    """

    def from_hex(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: base64.b64encode(bytes.fromhex(part)).decode() if name in IDS else from_hex(part)
                for name, part in value.items()
            }
        return [from_hex(part) for part in value] if isinstance(value, list) else value

    return json_format.ParseDict(from_hex(json.loads(body)), ExportTraceServiceRequest(), ignore_unknown_fields=False)


def spans_of(service: str, spans: Sequence[FinishedSpan]) -> list[Span]:
    (resource,) = read(encode(service, spans)).resource_spans
    assert {each.key: each.value.string_value for each in resource.resource.attributes} == {"service.name": service}
    (scope,) = resource.scope_spans
    return list(scope.spans)


def test_everything_of_a_span_is_read_back() -> None:
    (span,) = spans_of("message_webhook", [a_full_span()])

    assert span.trace_id.hex() == "6b03f02fe9bacfaa56ab4efd632387e5"
    assert (span.span_id.hex(), span.parent_span_id.hex()) == ("53995c3f42cd8ad8", "00f067aa0ba902b7")
    assert (span.name, span.kind) == ("POST /webhooks/messages/{}", Span.SPAN_KIND_SERVER)
    assert span.start_time_unix_nano == 1_795_420_207_123_456_789
    assert span.end_time_unix_nano == 1_795_420_208_000_000_001
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "queue_unavailable")
    values = {each.key: each.value for each in span.attributes}
    assert values["http.response.status_code"].int_value == 503
    assert values["large"].int_value == 2**60
    assert values["ratio"].double_value == 0.5
    assert values["is_first"].bool_value is True
    assert values["agent_id"].string_value == "क्लिनिक"
    assert [each.string_value for each in values["several"].array_value.values] == ["a", "b"]
    assert (span.events[0].name, span.events[0].attributes[0].value.int_value) == ("retried", 2)
    assert (span.links[0].trace_id.hex(), span.links[0].span_id.hex()) == ("a" * 32, "b" * 16)


def test_the_top_of_a_trace_has_no_parent_and_no_status() -> None:
    (span,) = spans_of("message_webhook", [a_span()])

    assert span.parent_span_id == b""
    assert span.status.code == Status.STATUS_CODE_UNSET


@pytest.mark.parametrize(("has_remote_parent", "flags"), [(False, 0x101), (True, 0x301)])
def test_whether_the_parent_is_elsewhere_stands_in_the_flags(*, has_remote_parent: bool, flags: int) -> None:
    (span,) = spans_of("message_webhook", [a_span(parent_id="1" * 16, has_remote_parent=has_remote_parent)])

    assert span.flags == flags


@given(
    name=some.text(max_size=50),
    attributes=some.dictionaries(
        some.text(max_size=20),
        some.one_of(
            some.booleans(),
            some.integers(-(2**63), 2**63 - 1),
            some.floats(allow_nan=False, allow_infinity=False),
            some.text(some.characters(exclude_categories=["Cs"]), max_size=50),
        ),
        max_size=5,
    ),
)
def test_whatever_is_in_a_span_is_one_line_that_can_be_read(name: str, attributes: dict[str, Any]) -> None:
    body = encode("service", [a_span(name=name.encode(errors="replace").decode(), attributes=attributes)])

    assert b"\n" not in body
    assert len(read(body).resource_spans) == 1

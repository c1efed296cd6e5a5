"""Segment documents as X-Ray documents them. Source: AWS X-Ray, "AWS X-Ray segment documents"."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.adapters.traces import segments
from shared.adapters.traces.segments import LARGEST_DOCUMENT_BYTES, WITHIN_FUNCTION, document, encode
from shared.domain.span import FinishedSpan, SpanEvent, SpanKind
from shared.tracing import requests
from tests.shared.adapters.traces.spans import a_full_span, a_span

_ID = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
SCHEMA = {
    "type": "object",
    "required": ["name", "id", "trace_id", "start_time", "end_time"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\w\s.:/%&#=+\\\-@]+$"},
        "id": _ID,
        "trace_id": {"type": "string", "pattern": "^1-[0-9a-f]{8}-[0-9a-f]{24}$"},
        "parent_id": _ID,
        "type": {"const": "subsegment"},
        "namespace": {"enum": ["aws", "remote"]},
        "origin": {"enum": ["AWS::Lambda::Function", "AWS::ECS::Container"]},
        "start_time": {"type": "number"},
        "end_time": {"type": "number"},
        "error": {"type": "boolean"},
        "fault": {"type": "boolean"},
        "throttle": {"type": "boolean"},
        "cause": {
            "type": "object",
            "properties": {
                "exceptions": {
                    "items": {
                        "type": "object",
                        "required": ["id"],
                        "properties": {"id": _ID, "type": {"type": "string"}},
                    }
                }
            },
        },
        "http": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "request": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"method": {"type": "string"}, "url": {"type": "string"}},
                },
                "response": {"type": "object", "properties": {"status": {"type": "integer"}}},
            },
        },
        "annotations": {
            "type": "object",
            "maxProperties": 50,
            "propertyNames": {"pattern": "^[A-Za-z0-9_]+$"},
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "metadata": {"type": "object", "additionalProperties": {"type": "object"}},
        "links": {"type": "array"},
    },
    # A subsegment that is sent by itself names its segment.
    "if": {"required": ["type"]},
    "then": {"required": ["parent_id"]},
}


def written(span: FinishedSpan, *, is_in_lambda: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = document("message_webhook", span, is_in_lambda=is_in_lambda)
    jsonschema.validate(made, SCHEMA)
    return made


def test_what_enters_a_program_is_a_segment_named_after_it() -> None:
    segment = written(a_full_span())

    assert (segment["name"], segment["id"]) == ("message_webhook", "53995c3f42cd8ad8")
    assert segment["trace_id"] == "1-6b03f02f-e9bacfaa56ab4efd632387e5"
    assert segment["parent_id"] == "00f067aa0ba902b7"
    assert "type" not in segment
    assert segment["http"] == {
        "request": {"method": "POST", "url": "/webhooks/messages/whatsapp"},
        "response": {"status": 503},
    }
    assert segment["annotations"]["operation"] == "POST /webhooks/messages/{}"
    assert segment["metadata"]["vaani"]["several"] == ["a", "b"]
    assert segment["end_time"] > segment["start_time"] > 1_795_420_207
    assert segment["links"] == [{"trace_id": f"1-{'a' * 8}-{'a' * 24}", "id": "b" * 16}]


def test_what_happens_within_is_a_subsegment_that_names_the_one_above() -> None:
    subsegment = written(a_span(parent_id="1" * 16, name="routing"))

    assert (subsegment["type"], subsegment["parent_id"], subsegment["name"]) == ("subsegment", "1" * 16, "routing")


def test_a_request_within_lambdas_own_segment_is_a_subsegment_of_it() -> None:
    within = {WITHIN_FUNCTION: True}

    subsegment = written(a_span(parent_id="1" * 16, has_remote_parent=True, kind=SpanKind.SERVER, attributes=within))

    assert (subsegment["type"], subsegment["parent_id"]) == ("subsegment", "1" * 16)
    assert segments.WITHIN_FUNCTION == requests.WITHIN_FUNCTION


def test_what_is_asked_of_others_stands_under_their_name() -> None:
    attributes = {"server.address": "graph.facebook.com", "http.response.status_code": 200}

    subsegment = written(a_span(parent_id="1" * 16, kind=SpanKind.CLIENT, attributes=attributes))

    assert (subsegment["name"], subsegment["namespace"]) == ("graph.facebook.com", "remote")


@pytest.mark.parametrize(
    ("status", "error", "flags"),
    [
        (200, "", set()),
        (399, "", set()),
        (400, "", {"error"}),
        (404, "", {"error"}),
        (429, "rate_limited", {"error", "throttle"}),
        (503, "", {"fault"}),
        (None, "store_unavailable", {"fault"}),
    ],
)
def test_who_was_at_fault_stands_in_the_flags(status: int | None, error: str, flags: set[str]) -> None:
    attributes = {} if status is None else {"http.response.status_code": status}

    segment = written(a_span(attributes=attributes, error=error))

    assert {name for name in ("error", "fault", "throttle") if segment.get(name)} == flags
    assert [each["type"] for each in segment.get("cause", {}).get("exceptions", [])] == ([error] if error else [])


def test_a_document_that_would_be_too_large_goes_without_its_details() -> None:
    events = tuple(SpanEvent(name="x", at_ns=1, attributes={"text": "y" * 256}) for _ in range(400))

    encoded = encode("message_webhook", a_span(events=events), is_in_lambda=True)

    assert len(encoded) <= LARGEST_DOCUMENT_BYTES
    jsonschema.validate(json.loads(encoded), SCHEMA)


@given(name=some.text(max_size=300), key=some.text(max_size=30), value=some.one_of(some.text(), some.integers()))
def test_whatever_is_in_a_span_is_a_document(name: str, key: str, value: str | int) -> None:
    made = document("service", a_span(parent_id="1" * 16, name=name, attributes={key: value}), is_in_lambda=False)

    assert re.fullmatch(SCHEMA["properties"]["name"]["pattern"], made["name"])  # type: ignore[index]

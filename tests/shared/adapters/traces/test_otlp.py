"""Traces to a collector by HTTP."""

from __future__ import annotations

import httpx
import pytest

from shared.adapters.traces.otlp import OTLPSink
from tests.shared.adapters.traces.spans import a_span
from tests.shared.adapters.traces.test_otlp_json import read


def test_a_collector_gets_the_request_with_the_headers_that_it_wants() -> None:
    seen: list[httpx.Request] = []

    def collector(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    sink = OTLPSink(
        "http://collector:4318/",
        headers="x-team = voice,authorization=Basic a=b",
        transport=httpx.MockTransport(collector),
    )
    dropped = sink.write("message_webhook", [a_span()])

    (request,) = seen
    assert dropped == 0
    assert (request.method, str(request.url)) == ("POST", "http://collector:4318/v1/traces")
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["x-team"], request.headers["authorization"]) == ("voice", "Basic a=b")
    assert read(request.content).resource_spans[0].scope_spans[0].spans[0].name == "request"


@pytest.mark.parametrize("status", [400, 429, 503])
def test_a_refusal_is_told(status: int) -> None:
    sink = OTLPSink("http://collector", transport=httpx.MockTransport(lambda _: httpx.Response(status)))

    with pytest.raises(httpx.HTTPStatusError):
        sink.write("message_webhook", [a_span()])

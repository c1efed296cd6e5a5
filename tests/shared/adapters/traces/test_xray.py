"""Traces to X-Ray: datagrams for the daemon, and the API through AWS's own client."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from shared.adapters.aws.client import AwsClient
from shared.adapters.traces.xray import XRayDaemon, XRayService
from shared.domain.span import SpanKind
from tests.shared.adapters.traces.spans import a_span


@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "tcp:127.0.0.1:1 udp:127.0.0.1:{port}"])
def test_the_daemon_gets_a_datagram_for_each_span(form: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        sink = XRayDaemon(form.format(port=daemon.getsockname()[1]))

        dropped = sink.write("message_webhook", [a_span(name="a"), a_span(name="b", parent_id="1" * 16)])
        received = [daemon.recv(65_536).split(b"\n") for _ in range(2)]

    assert dropped == 0
    assert [json.loads(header) for header, _ in received] == [{"format": "json", "version": 1}] * 2
    assert [json.loads(body)["annotations"]["operation"] for _, body in received] == ["a", "b"]
    assert all(json.loads(body)["trace_id"] == "1-6b03f02f-e9bacfaa56ab4efd632387e5" for _, body in received)


def test_a_daemon_that_is_not_there_costs_nothing_but_spans() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    sink = XRayDaemon(f"127.0.0.1:{port}")

    assert 0 <= sink.write("message_webhook", [a_span()] * 50) <= 50


def test_a_datagram_that_cannot_be_sent_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr("shared.adapters.traces.xray.socket.socket.sendto", refuse, raising=False)

    assert XRayDaemon("127.0.0.1:2000").write("message_webhook", [a_span()] * 3) == 3


class Service:
    """X-Ray's API, which refuses the last document of each request."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []

    def __call__(self) -> Any:
        return self

    def put_trace_segments(self, *, TraceSegmentDocuments: list[str]) -> dict[str, Any]:  # noqa: N803
        self.requests.append(TraceSegmentDocuments)
        return {"UnprocessedTraceSegments": [{"Id": "x", "ErrorCode": "ParseError"}]}


def test_the_api_gets_batches_and_what_it_refuses_is_counted() -> None:
    service = Service()

    dropped = XRayService(service).write("stream_service", [a_span()] * 60)

    assert [len(request) for request in service.requests] == [25, 25, 10]
    assert dropped == 3


@pytest.mark.integration
def test_x_ray_gives_back_the_trace_with_its_segments(aws_url: str) -> None:
    client = AwsClient("xray", region="ap-south-1", endpoint_url=aws_url)
    webhook = a_span(span_id="1" * 16, kind=SpanKind.SERVER)
    worker = a_span(span_id="2" * 16, parent_id="1" * 16, has_remote_parent=True, kind=SpanKind.CONSUMER)

    assert XRayService(client).write("message_webhook", [webhook]) == 0
    assert XRayService(client).write("message_worker", [worker]) == 0

    (trace,) = client().batch_get_traces(TraceIds=["1-6b03f02f-e9bacfaa56ab4efd632387e5"])["Traces"]
    documents = [json.loads(segment["Document"]) for segment in trace["Segments"]]
    assert sorted(each["name"] for each in documents) == ["message_webhook", "message_worker"]
    assert {each["id"]: each.get("parent_id") for each in documents} == {"1" * 16: None, "2" * 16: "1" * 16}

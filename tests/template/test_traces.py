"""Functions and service trace to X-Ray, and may do no more there than send."""

from __future__ import annotations

from pathlib import Path

from tests.template.stack import Stack, listed, source, statements

ROOT = Path(__file__).parents[2]


def test_functions_and_service_send_their_traces_to_x_ray(stack: Stack) -> None:
    function = source()["Globals"]["Function"]
    container = stack.properties("StreamTask")["ContainerDefinitions"][0]["Environment"]
    service = {item["Name"]: item["Value"] for item in container}

    assert function["Tracing"] == "Active"
    assert function["Environment"]["Variables"]["TRACES"] == service["TRACES"] == "xray"
    assert "TRACE_SAMPLE_RATIO" in function["Environment"]["Variables"].keys() & service.keys()


def test_of_x_ray_the_service_may_only_send_segments(stack: Stack) -> None:
    granted = [
        action
        for name, statement in statements(stack)
        if name == "StreamTaskRole"
        for action in listed(statement["Action"])
        if action.startswith("xray:")
    ]

    assert granted == ["xray:PutTraceSegments"]


def test_what_traces_need_is_in_the_layer_and_in_the_image() -> None:
    for folder in ("shared", "stream_service"):
        assert "\nopentelemetry-sdk==" in (ROOT / folder / "requirements.txt").read_text()


def test_protocol_buffers_are_not_in_the_layer() -> None:
    assert "\nprotobuf==" not in (ROOT / "shared/requirements.txt").read_text()

"""Every request that is answered tells how and how fast, and nothing of what stood in its address."""

from __future__ import annotations

import pytest

from shared.observability import flush_metrics
from shared.observability.requests import record_request, route_of
from tests.shared.observability.lines import lines


@pytest.mark.requirement("14.2")
def test_a_request_is_logged_with_its_route_its_status_and_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    record_request(method="GET", route="/api/v1/calls/{call_id}", status=200, elapsed_ms=41.27)

    (line,) = lines(capsys)
    told = {name: line[name] for name in ("message", "method", "route", "status", "elapsed_ms")}
    assert told == {
        "message": "request_handled",
        "method": "GET",
        "route": "/api/v1/calls/{call_id}",
        "status": 200,
        "elapsed_ms": 41.3,
    }


@pytest.mark.requirement("9.2")
@pytest.mark.parametrize(("status", "errors"), [(200, 0), (101, 0), (404, 0), (500, 1), (503, 1)])
def test_requests_failures_and_times_are_measured(capsys: pytest.CaptureFixture[str], status: int, errors: int) -> None:
    record_request(method="POST", route="/webhooks/voice/incoming", status=status, elapsed_ms=12)
    flush_metrics()

    measured = lines(capsys)[-1]
    assert (measured["requests"], measured["request_errors"], measured["request_ms"]) == (
        [1.0],
        [float(errors)],
        [12.0],
    )


@pytest.mark.parametrize(
    ("status", "event"), [(399, "request_handled"), (429, "request_turned_away"), (500, "request_handled")]
)
def test_what_strangers_can_cause_without_end_has_a_name_of_its_own(
    capsys: pytest.CaptureFixture[str], status: int, event: str
) -> None:
    record_request(method="GET", route="/updates", status=status, elapsed_ms=1)

    assert lines(capsys)[0]["message"] == event


def test_health_checks_are_measured_and_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    record_request(method="GET", route="/health/history_api", status=200, elapsed_ms=1)
    flush_metrics()

    (measured,) = lines(capsys)
    assert measured["requests"] == [1.0]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/webhooks/messages/twilio-whatsapp/status", "/webhooks/messages/twilio-whatsapp/status"),
        ("/api/v1/calls/{call_id}/recording", "/api/v1/calls/{call_id}/recording"),
        ("/webhooks/messages/+919876543210", "/webhooks/messages/{}"),
        ("/webhooks/messages/919876543210", "/webhooks/messages/{}"),
        ("/webhooks/messages/Asha Rao", "/webhooks/messages/{}"),
        ("/health/voice_webhook", "/health/voice_webhook"),
        ("/a/b/c/d/e/f/g/h", "/a/b/c/d/e/f"),
        (f"/{'x' * 41}", "/{}"),
        ("", "/{}"),
    ],
)
def test_a_route_keeps_only_the_words_of_a_path(path: str, route: str) -> None:
    assert route_of(path) == route


def test_a_method_that_is_none_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    record_request(method="G\nET", route="/updates", status=200, elapsed_ms=1)

    assert lines(capsys)[0]["method"] == "other"

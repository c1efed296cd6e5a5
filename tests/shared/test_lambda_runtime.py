"""The Lambda entry points: events in, answers out."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from shared import lambda_runtime, observability, tracing
from shared.errors import InvalidRequest, NotFound, RateLimited, StoreUnavailable, TooLarge
from shared.http_contract import HTTPRequest, HTTPResponse
from tests.provider_requests import load_fixture
from tests.traces import traced


class Context:
    """Lambda's context."""

    aws_request_id = "lambda-request"


def _event(**changes: object) -> dict[str, Any]:
    return {"httpMethod": "POST", "path": "/p", "headers": {}, "body": "", "isBase64Encoded": False, **changes}


def _call(function: lambda_runtime.HTTPFunction, event: dict[str, Any]) -> dict[str, Any]:
    return lambda_runtime.http_handler(function)(event, Context())


async def _echo(request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse.ok({"path": request.path})


def test_an_event_with_single_headers_becomes_a_request() -> None:
    event = _event(headers={"X-Thing": "1"}, queryStringParameters={"a": "x%20y", "b": ""}, body='{"é": "\\u00e9"}')

    request = lambda_runtime.to_request(event)

    assert (request.method, request.path, request.query) == ("POST", "/p", "a=x%20y&b=")
    assert request.headers == {"x-thing": "1"}
    assert request.body == '{"é": "\\u00e9"}'.encode()


def test_an_event_with_multi_value_headers_becomes_a_request() -> None:
    event = load_fixture("alb-events/albMultiValueHeadersEvent.json")
    event["multiValueQueryStringParameters"] = {"a": ["1", "2"]}

    request = lambda_runtime.to_request(event)

    assert (request.method, request.path, request.query) == ("GET", "/todos", "a=1&a=2")
    assert request.headers["user-agent"] == "curl/7.79.1"
    assert request.source_ip == "123.123.123.123"


def test_a_base64_body_becomes_the_very_bytes() -> None:
    raw = b"Body=%F0%9F\xff\x00&x="

    request = lambda_runtime.to_request(_event(body=base64.b64encode(raw).decode(), isBase64Encoded=True))

    assert request.body == raw


@pytest.mark.parametrize("body", ["%%%", "QUJD\n", " QUJD", "QUI", "QQ==QQ==", "-_-_", "Q=JD", "नमस्ते", "\ud800"])
def test_a_body_that_only_claims_to_be_base64_is_an_invalid_request(body: str) -> None:
    with pytest.raises(InvalidRequest):
        lambda_runtime.to_request(_event(body=body, isBase64Encoded=True))


@pytest.mark.parametrize("is_base64", [True, False])
def test_a_body_is_taken_up_to_what_a_load_balancer_hands_over(*, is_base64: bool) -> None:
    largest = b"x" * lambda_runtime.LARGEST_BODY_BYTES

    def event(raw: bytes) -> dict[str, Any]:
        body = base64.b64encode(raw).decode() if is_base64 else raw.decode()
        return _event(body=body, isBase64Encoded=is_base64)

    assert lambda_runtime.to_request(event(largest)).body == largest
    with pytest.raises(TooLarge):
        lambda_runtime.to_request(event(largest + b"x"))


@pytest.mark.parametrize(
    "odd",
    [
        {"body": None},
        {"body": 7},
        {"headers": None},
        {"headers": {"x-thing": None}},
        {"headers": {}, "multiValueHeaders": {"x-thing": []}},
        {"multiValueHeaders": {"x-thing": [None, 1]}},
        {"queryStringParameters": None},
        {"httpMethod": None, "path": None},
    ],
)
def test_an_event_with_odd_fields_is_still_answered(odd: dict[str, object]) -> None:
    assert _call(_echo, _event(**odd))["statusCode"] == 200


def test_an_error_about_half_a_character_is_still_an_answer() -> None:
    async def refuse(request: HTTPRequest) -> HTTPResponse:
        raise NotFound(f"There is nothing at {request.path}.")

    answer = _call(refuse, _event(path="/\ud800"))

    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["error"]["code"] == "not_found"
    answer["body"].encode()


def test_the_source_is_the_address_that_our_load_balancer_added() -> None:
    event = _event(headers={"x-forwarded-for": "6.6.6.6, 10.0.0.1,203.0.113.9"})

    assert lambda_runtime.to_request(event).source_ip == "203.0.113.9"


@pytest.mark.parametrize("single", [True, False])
def test_the_answer_has_the_header_form_of_the_event(*, single: bool) -> None:
    event = _event() if single else _event(headers=None, multiValueHeaders={"host": ["x"]})

    answer = _call(_echo, event)

    assert (answer["statusCode"], answer["statusDescription"], answer["isBase64Encoded"]) == (200, "200 OK", False)
    headers = answer["headers"] if single else answer["multiValueHeaders"]
    assert headers["content-type"] == ("application/json" if single else ["application/json"])
    assert json.loads(answer["body"])["data"] == {"path": "/p"}


@pytest.mark.requirement("13.5")
def test_a_foreseen_error_becomes_its_status_envelope_and_retry_after() -> None:
    async def refuse(_: HTTPRequest) -> HTTPResponse:
        raise RateLimited("Too many.", retry_after_seconds=17)

    answer = _call(refuse, _event(headers={"x-amzn-trace-id": "Self=1-a;Root=1-62fa9327-21cdd4da4c6db451490a5fb7"}))

    assert answer["statusCode"] == 429
    assert answer["headers"]["retry-after"] == "17"
    error = json.loads(answer["body"])["error"]
    assert (error["code"], error["request_id"]) == ("rate_limited", "1-62fa9327-21cdd4da4c6db451490a5fb7")


def test_an_unforeseen_error_shows_no_internals_and_is_logged_with_its_cause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fail(_: HTTPRequest) -> HTTPResponse:
        raise ZeroDivisionError("host db.internal refused")

    answer = _call(fail, _event())

    assert answer["statusCode"] == 500
    assert "db.internal" not in answer["body"]
    assert json.loads(answer["body"])["error"]["code"] == "internal_error"
    log = capsys.readouterr().out
    assert "request_failed" in log
    assert "db.internal" in log


def test_the_request_id_is_bound_to_the_logs_of_its_own_request_only(capsys: pytest.CaptureFixture[str]) -> None:
    async def log(_: HTTPRequest) -> HTTPResponse:
        observability.logger.info("inside")
        return HTTPResponse.empty()

    _call(log, _event(headers={"x-amzn-trace-id": "Root=1-first-one"}))
    _call(log, _event())

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"inside"' in line]
    assert [line["request_id"] for line in lines] == ["1-first-one", "lambda-request"]


def test_every_request_is_counted_with_its_duration(capsys: pytest.CaptureFixture[str]) -> None:
    _call(_echo, _event())

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert any({"requests", "request_errors", "request_ms"} <= set(line) for line in metrics)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_is_answered_without_the_function(method: str) -> None:
    async def fail(_: HTTPRequest) -> HTTPResponse:
        raise StoreUnavailable("down")

    answer = _call(fail, _event(httpMethod=method, path="/health/message-webhook"))

    assert answer["statusCode"] == 200
    assert (answer["body"] == "") is (method == "HEAD")


def test_an_answer_without_content_has_no_content_type() -> None:
    async def nothing(_: HTTPRequest) -> HTTPResponse:
        return HTTPResponse.empty()

    answer = _call(nothing, _event())

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert "content-type" not in answer["headers"]


def test_all_events_run_on_one_event_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def remember(_: HTTPRequest) -> HTTPResponse:
        loops.append(asyncio.get_running_loop())
        return HTTPResponse.empty()

    _call(remember, _event())
    _call(remember, _event())

    assert loops[0] is loops[1]
    assert not loops[0].is_closed()


TRACE = "6b03f02fe9bacfaa56ab4efd632387e5"
ROOT = f"Root=1-{TRACE[:8]}-{TRACE[8:]}"


def test_a_request_is_a_span_with_its_route_and_status_and_the_load_balancers_trace() -> None:
    with traced() as traces:
        _call(_echo, _event(path="/api/v1/users/919800000001", headers={"x-amzn-trace-id": ROOT}))

    served = traces.only("POST /api/v1/users/{}")
    assert (served.trace_id, served.parent_id, served.kind) == (TRACE, "", "server")
    assert served.attributes["http.response.status_code"] == 200
    assert served.attributes["request_id"] == ROOT.removeprefix("Root=")


def test_a_traceparent_goes_before_what_the_load_balancer_made_up() -> None:
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "x-amzn-trace-id": ROOT}

    with traced() as traces:
        _call(_echo, _event(headers=headers))

    assert (traces.only("POST /p").trace_id, traces.only("POST /p").parent_id) == ("a" * 32, "b" * 16)


def test_within_an_invocation_that_lambda_traces_it_lies_below_lambdas_own_segment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"{ROOT};Parent={'c' * 16};Sampled=1")

    with traced() as traces:
        _call(_echo, _event(headers={"x-amzn-trace-id": ROOT}))

    assert traces.only("POST /p").parent_id == "c" * 16
    assert traces.only("POST /p").attributes["within_function"] is True


@pytest.mark.parametrize(
    "own", [f"{ROOT};Parent={'c' * 16};Sampled=0", f"Root=1-{'d' * 8}-{'d' * 24};Parent={'c' * 16}"]
)
def test_an_invocation_that_lambda_does_not_trace_there_has_nothing_to_lie_below(
    monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", own)

    with traced() as traces:
        _call(_echo, _event(headers={"x-amzn-trace-id": ROOT}))

    assert (traces.only("POST /p").trace_id, traces.only("POST /p").parent_id) == (TRACE, "")


@pytest.mark.parametrize(
    ("raised", "status", "error"),
    [
        (StoreUnavailable("words"), 503, "store_unavailable"),
        (RuntimeError("words"), 500, "RuntimeError"),
        (RateLimited("words"), 429, ""),
        (NotFound("words"), 404, ""),
    ],
)
def test_what_fails_on_our_side_is_marked_by_its_code(raised: Exception, status: int, error: str) -> None:
    async def fail(_: HTTPRequest) -> HTTPResponse:
        raise raised

    with traced() as traces:
        _call(fail, _event())

    served = traces.only("POST /p")
    assert (served.attributes["http.response.status_code"], served.error) == (status, error)
    assert "words" not in traces.words()


def test_the_answer_tells_nothing_of_the_trace() -> None:
    with traced():
        answer = _call(_echo, _event())

    assert not {"traceparent", "x-amzn-trace-id"} & answer["headers"].keys()


def test_its_spans_are_handed_over_before_an_invocation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards Lambda stops the clock, and who knows for how long."""
    monkeypatch.setattr(tracing, "FINISH_SECONDS", 30)
    with traced() as traces:
        _call(_echo, _event())

        assert traces.sink.written == ["POST /p"]


def test_a_health_check_is_no_trace() -> None:
    with traced() as traces:
        _call(_echo, _event(httpMethod="GET", path="/health/voice_webhook"))

    assert traces.ended == []

"""An ASGI application as a Lambda function."""

from __future__ import annotations

from typing import Any, cast

import pytest
from mangum.types import LambdaContext

from shared import tracing
from shared.http_api.lambda_entry import lambda_entry
from tests.provider_requests import load_fixture
from tests.traces import traced


async def application(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    with tracing.span("answer"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})


def test_its_spans_are_handed_over_before_an_invocation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "FINISH_SECONDS", 30)
    event = load_fixture("alb-events/albMultiValueHeadersEvent.json")
    with traced() as traces:
        answer = lambda_entry(application)(event, cast("LambdaContext", None))

        assert traces.sink.written == ["answer"]
    assert answer["statusCode"] == 200

"""The webhooks of telephone calls: which use case answers which path."""

from __future__ import annotations

import pytest

from shared.http_contract import HTTPRequest, HTTPResponse
from tests.functions.loading import call, load_function


class Spy:
    """A use case that remembers the paths it was asked for."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        self.paths.append(request.path)
        return HTTPResponse.xml("<Response/>")


@pytest.mark.parametrize(
    ("path", "is_answered"),
    [
        ("/webhooks/voice/incoming", True),
        ("/webhooks/voice/recover", False),
        ("/webhooks/voice/status", False),
        ("/webhooks/voice/stream-status", False),
        ("/webhooks/voice/machine-detection", False),
        ("/webhooks/voice/transfer-summary", False),
        ("/webhooks/voice/transfer-result", False),
    ],
)
def test_only_an_incoming_call_is_answered_and_everything_later_is_followed(path: str, *, is_answered: bool) -> None:
    answer_call, follow_call = Spy(), Spy()
    webhook = load_function("voice_webhook", answer_call=answer_call, follow_call=follow_call)

    response = call(webhook, "POST", path)

    assert (answer_call.paths == [path]) is is_answered
    assert (follow_call.paths == [path]) is not is_answered
    assert response.headers["content-type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_twilio_only_posts(method: str) -> None:
    answer_call, follow_call = Spy(), Spy()
    webhook = load_function("voice_webhook", answer_call=answer_call, follow_call=follow_call)

    response = call(webhook, method, "/webhooks/voice/incoming")

    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert answer_call.paths == []

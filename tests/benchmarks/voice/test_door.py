from __future__ import annotations

from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.request_validator import RequestValidator

from benchmarks.voice.door import CallNotConnected, WebhookDoor
from local.simulators.phone_line import PhoneLine

TOKEN = "secret"
LINE = PhoneLine(base_url="https://example.org", auth_token=TOKEN)
STREAM = (
    '<Response><Connect><Stream url="wss://example.org/media/abc"><Parameter name="lang" value="en"/></Stream>'
    "</Connect></Response>"
)


def door(answer: httpx.Response, requests: list[httpx.Request] | None = None) -> WebhookDoor:
    def respond(request: httpx.Request) -> httpx.Response:
        if requests is not None:
            requests.append(request)
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    return WebhookDoor(client, LINE, media_host="127.0.0.1", media_port=8081)


async def test_incoming_call_is_announced_with_twilios_signature():
    requests: list[httpx.Request] = []

    await door(httpx.Response(200, text=STREAM), requests).ring("+919800000001")

    sent = requests[0]
    parameters = dict(parse_qsl(sent.content.decode(), keep_blank_values=True))
    assert parameters["From"] == "+919800000001"
    assert RequestValidator(TOKEN).validate(str(sent.url), parameters, sent.headers["x-twilio-signature"])


async def test_socket_is_asked_for_by_the_address_of_the_twiml_and_signed():
    call = await door(httpx.Response(200, text=STREAM)).ring("+919800000001")

    assert (call.socket.url, call.socket.port) == ("wss://example.org/media/abc", 8081)
    signature = call.socket.headers["x-twilio-signature"]
    assert RequestValidator(TOKEN).validate("wss://example.org/media/abc", {}, signature)
    assert call.parameters == {"lang": "en"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(503), "503"),
        (httpx.Response(200, text="<Response><Say>Try later.</Say></Response>"), "Try later"),
        (httpx.Response(200, text="no xml"), "not XML"),
    ],
)
async def test_call_without_a_stream_says_why(answer, reason):
    answer.request = httpx.Request("POST", LINE.incoming_url)

    with pytest.raises(CallNotConnected, match=reason):
        await door(answer).ring("+919800000001")

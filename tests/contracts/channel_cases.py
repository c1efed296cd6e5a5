"""What the provider of each text channel posts and takes. A new channel adds its case to CASES."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx

from shared.adapters.provider_access import basic_access, bearer_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.adapters.whatsapp.sending import GraphClient
from shared.http_contract import HTTPRequest
from shared.ports.channel import Channel
from shared.ports.secrets import FixedSecrets
from tests.fakes.toy_channel import PASSWORD, ToyChannel
from tests.provider_requests import (
    APP_SECRET,
    AUTH_TOKEN,
    BASE_URL,
    TWILIO_PATH,
    VERIFY_TOKEN,
    messages_value,
    meta_post,
    notification,
    text_message,
    twilio_post,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
USER = "919812345678"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A channel with what its provider posts: a text "Hello" of USER, and a report that "out-1" was delivered."""

    channel: Channel
    message: HTTPRequest
    status: HTTPRequest
    status_has_own_path: bool
    sent_texts: Callable[[], list[str]]


def now() -> datetime:
    """The clock of every case."""
    return NOW


def _toy() -> Case:
    channel = ToyChannel(now)
    headers = {"x-toy": PASSWORD}
    message = {"id": "in-1", "user": USER, "text": "Hello"}
    status = {"id": "out-1", "state": "delivered"}
    return Case(
        channel=channel,
        message=HTTPRequest(method="POST", path="/webhooks/messages/toy", headers=headers, body=_json(message)),
        status=HTTPRequest(method="POST", path="/webhooks/messages/toy/status", headers=headers, body=_json(status)),
        status_has_own_path=True,
        sent_texts=lambda: [text for _, text in channel.sent],
    )


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _meta() -> Case:
    texts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        texts.append(json.loads(request.content)["text"]["body"])
        return httpx.Response(200, json={"messages": [{"id": f"out-{len(texts)}"}]})

    def open_client() -> GraphClient:
        return GraphClient(
            base_url="https://graph.example",
            api_version="v26.0",
            access=bearer_access(lambda: "", FixedSecrets()),
            transport=httpx.MockTransport(answer),
        )

    status = {"id": "out-1", "status": "delivered", "timestamp": "1706709716", "recipient_id": USER}
    return Case(
        channel=WhatsAppChannel(
            app_secret=lambda: APP_SECRET, verify_token=lambda: VERIFY_TOKEN, open_client=open_client, clock=now
        ),
        message=meta_post(notification(messages_value(text_message("Hello", user=USER)))),
        status=meta_post(notification({"statuses": [status]})),
        status_has_own_path=False,
        sent_texts=lambda: texts,
    )


def _twilio() -> Case:
    texts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"messages": [{"sid": "out-1", "body": text} for text in texts]})
        texts.append(dict(parse_qsl(request.content.decode()))["Body"])
        return httpx.Response(201, json={"sid": f"out-{len(texts)}"})

    def open_client() -> ProviderClient:
        return twilio_client(
            base_url="https://api.example",
            account_sid="AC1",
            access=basic_access("AC1", lambda: AUTH_TOKEN, FixedSecrets()),
            transport=httpx.MockTransport(answer),
        )

    return Case(
        channel=TwilioWhatsAppChannel(
            signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
            status_url=f"{BASE_URL}{TWILIO_PATH}/status",
            sender_number="14155238886",
            open_client=open_client,
            clock=now,
        ),
        message=twilio_post(TWILIO_PATH, {"MessageSid": "in-1", "From": f"whatsapp:+{USER}", "Body": "Hello"}),
        status=twilio_post(f"{TWILIO_PATH}/status", {"MessageSid": "out-1", "MessageStatus": "delivered"}),
        status_has_own_path=True,
        sent_texts=lambda: texts,
    )


CASES: Mapping[str, Callable[[], Case]] = {"toy": _toy, "whatsapp": _meta, "twilio-whatsapp": _twilio}
"""By the channel's name."""

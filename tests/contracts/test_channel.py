"""What every text channel promises, whoever the provider is. A new channel adds one case here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
import pytest

from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.adapters.whatsapp.sending import GraphClient
from shared.domain.message import DeliveryStatus, InboundMessage, Recipient, ReplyChunk, StatusUpdate
from shared.errors import SignatureInvalid
from shared.http_contract import HTTPRequest
from shared.ports.channel import Channel
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
from tests.streams import chunks

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


def _clock() -> datetime:
    return NOW


def _toy() -> Case:
    channel = ToyChannel(_clock)
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
            access_token="",
            transport=httpx.MockTransport(answer),
        )

    status = {"id": "out-1", "status": "delivered", "timestamp": "1706709716", "recipient_id": USER}
    return Case(
        channel=WhatsAppChannel(
            app_secret=APP_SECRET, verify_token=VERIFY_TOKEN, open_client=open_client, clock=_clock
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
            auth_token=AUTH_TOKEN,
            transport=httpx.MockTransport(answer),
        )

    return Case(
        channel=TwilioWhatsAppChannel(
            signature=TwilioSignature(auth_token=AUTH_TOKEN, public_base_url=BASE_URL),
            status_url=f"{BASE_URL}{TWILIO_PATH}/status",
            sender_number="14155238886",
            open_client=open_client,
            clock=_clock,
        ),
        message=twilio_post(TWILIO_PATH, {"MessageSid": "in-1", "From": f"whatsapp:+{USER}", "Body": "Hello"}),
        status=twilio_post(f"{TWILIO_PATH}/status", {"MessageSid": "out-1", "MessageStatus": "delivered"}),
        status_has_own_path=True,
        sent_texts=lambda: texts,
    )


@pytest.fixture(params=[_toy, _meta, _twilio], ids=["toy", "whatsapp", "twilio-whatsapp"])
def case(request: pytest.FixtureRequest) -> Case:
    made: Case = request.param()
    return made


def _recipient(case: Case) -> Recipient:
    return Recipient(channel=case.channel.name, user_id=USER, business_id="12345", delivery_id="d-1")


@pytest.mark.requirement("18.1")
def test_a_message_is_normalised_under_the_channels_name(case: Case) -> None:
    (item,) = case.channel.parse(case.message)

    assert isinstance(item, InboundMessage)
    assert (item.channel, item.user_id, item.text) == (case.channel.name, USER, "Hello")
    assert item.provider_message_id
    assert item.received_at == NOW
    assert item.sent_at.tzinfo is not None


@pytest.mark.requirement("18.1")
def test_a_status_is_normalised(case: Case) -> None:
    parse = case.channel.parse_status if case.status_has_own_path else case.channel.parse
    (item,) = parse(case.status)

    assert isinstance(item, StatusUpdate)
    assert (item.channel, item.provider_message_id) == (case.channel.name, "out-1")
    assert item.status is DeliveryStatus.DELIVERED


@pytest.mark.requirement("18.5")
def test_the_channel_itself_tells_its_provider_from_a_stranger(case: Case) -> None:
    case.channel.verify(case.message)
    case.channel.verify(case.status)

    with pytest.raises(SignatureInvalid):
        case.channel.verify(replace(case.message, headers={}))


def test_a_post_is_no_handshake(case: Case) -> None:
    assert case.channel.handshake(case.message) is None


def test_both_acknowledgements_tell_the_provider_that_all_is_well(case: Case) -> None:
    items = case.channel.parse(case.message)

    assert 200 <= case.channel.acknowledge(items).status < 300
    assert 200 <= case.channel.acknowledge_status().status < 300


@pytest.mark.requirement("18.1")
@pytest.mark.requirement("1.3")
async def test_a_stream_of_chunks_arrives_joined_and_the_result_says_under_which_ids(case: Case) -> None:
    reply = chunks(ReplyChunk(text="We open ", agent_id="a"), ReplyChunk(text="at nine.", agent_id="a"))

    delivery = await case.channel.deliver(_recipient(case), reply)

    assert case.sent_texts() == ["We open at nine."]
    assert delivery.text == "We open at nine."
    assert len(delivery.provider_message_ids) == 1
    assert not delivery.interrupted


async def test_what_was_sent_is_found_or_the_channel_says_that_it_cannot_tell(case: Case) -> None:
    await case.channel.deliver(_recipient(case), chunks(ReplyChunk(text="We open at nine.", agent_id="a")))

    found = await case.channel.find_sent(_recipient(case), "We open at nine.")
    other = await case.channel.find_sent(_recipient(case), "Something else")

    assert found is None or len(found) == 1
    assert not other


def test_a_text_channel_waits_for_the_whole_reply_and_states_its_limit(case: Case) -> None:
    assert case.channel.capabilities.streams is False
    assert case.channel.capabilities.text_limit > 0

"""WhatsApp through Twilio: forms in, REST out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import queue_contract
from shared.adapters.provider_access import basic_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel, typing_url
from shared.adapters.twilio.whatsapp_form import parse_message_form
from shared.domain.content import Content, FileContent, FileKind, Location, MessageTemplate
from shared.domain.media import MediaReference
from shared.domain.message import (
    ChannelNotice,
    DeliveryStatus,
    InboundMessage,
    MessageKind,
    NoticeKind,
    Recipient,
    ReplyChunk,
    StatusUpdate,
)
from shared.errors import InvalidRequest, ProviderRejected, ProviderUnavailable
from shared.ports.secrets import FixedSecrets
from tests.provider_requests import AUTH_TOKEN, BASE_URL, TWILIO_PATH, load_fixture, twilio_post
from tests.streams import chunks

NOW = datetime(2026, 11, 22, 0, 10, tzinfo=UTC)
RECIPIENT = Recipient(channel="twilio-whatsapp", user_id="919812345678", business_id="14155238886", delivery_id="d")
BASE_FORM = {"MessageSid": "SM1", "From": "whatsapp:+919812345678", "To": "whatsapp:+14155238886"}
Answer = Callable[[httpx.Request], httpx.Response]


def _channel(answer: Answer | None = None) -> TwilioWhatsAppChannel:
    async def no_pause(_: float) -> None:
        return

    def open_client() -> ProviderClient:
        assert answer is not None
        return twilio_client(
            base_url="https://api.example", account_sid="AC1",
            access=basic_access("AC1", lambda: AUTH_TOKEN, FixedSecrets()),
            transport=httpx.MockTransport(answer), sleep=no_pause,
        )  # fmt: skip

    return TwilioWhatsAppChannel(
        signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
        status_url=f"{BASE_URL}{TWILIO_PATH}/status",
        sender_number="+14155238886",
        open_client=open_client,
        clock=lambda: NOW,
    )


def _message(**fields: str) -> InboundMessage:
    (item,) = _channel().parse(twilio_post(TWILIO_PATH, {**BASE_FORM, **fields}))
    assert isinstance(item, InboundMessage)
    return item


def _status(**fields: str) -> StatusUpdate:
    form = {"MessageSid": "SM9", "To": "whatsapp:+919812345678", **fields}
    (item,) = _channel().parse_status(twilio_post(f"{TWILIO_PATH}/status", form))
    assert isinstance(item, StatusUpdate)
    return item


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [
        ("whatsapp_text_message", MessageKind.TEXT, None),
        ("whatsapp_audio_message", MessageKind.AUDIO, "audio/ogg"),
        ("whatsapp_document_message", MessageKind.DOCUMENT, "application/pdf"),
        ("whatsapp_image_message", MessageKind.IMAGE, "image/png"),
    ],
)
def test_the_published_forms_are_read(name: str, kind: MessageKind, mime_type: str | None) -> None:
    form = load_fixture(f"twilio-ocs-rendered/{name}.json")

    (item,) = _channel().parse(twilio_post(TWILIO_PATH, form))

    assert isinstance(item, InboundMessage)
    assert (item.kind, item.user_id, item.business_id) == (kind, "27456897512", "14155238886")
    assert (item.provider_message_id, item.user_name, item.text) == ("BBBBBBBBBB", "Chris Smit", "Dobroye utro")
    assert [file.mime_type for file in item.media] == ([mime_type] if mime_type else [])


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"Body": "Hi"}, MessageKind.TEXT, "Hi"),
        ({"Body": "", "MediaUrl0": "https://x/0", "MediaContentType0": "image/jpeg"}, MessageKind.IMAGE, ""),
        ({"Body": "", "MediaUrl0": "https://x/0", "MediaContentType0": "text/vcard"}, MessageKind.CONTACTS, ""),
        ({"Latitude": "1.3", "Longitude": "103.8", "Label": "Clinic"}, MessageKind.LOCATION, ""),
        ({"Body": "", "ButtonText": "Yes", "ButtonPayload": "YES"}, MessageKind.BUTTON, "Yes"),
        ({"Body": "", "ListId": "9am", "ListTitle": "9 am"}, MessageKind.INTERACTIVE, "9 am"),
        ({"MessageType": "interactive", "Body": "9 am"}, MessageKind.INTERACTIVE, "9 am"),
        ({"MessageType": "hologram", "Body": "Wow"}, MessageKind.UNKNOWN, "Wow"),
    ],
)
def test_each_form_has_its_kind_and_its_words(fields: dict[str, str], kind: MessageKind, text: str) -> None:
    message = _message(**fields)

    assert (message.kind, message.text) == (kind, text)


def test_all_media_are_kept_whatever_their_stated_number() -> None:
    message = _message(NumMedia="0", MediaUrl0="https://x/0", MediaUrl1="https://x/1", MediaContentType1="image/png")

    assert message.media == (
        MediaReference(url="https://x/0"),
        MediaReference(url="https://x/1", mime_type="image/png"),
    )


def test_an_ogg_is_what_somebody_spoke_and_another_sound_is_a_file() -> None:
    message = _message(
        MediaUrl0="https://x/0", MediaContentType0="audio/ogg", MediaUrl1="https://x/1", MediaContentType1="audio/mpeg"
    )

    assert [file.is_voice for file in message.media] == [True, False]


def test_an_address_that_no_file_can_lie_at_is_counted_and_left_out() -> None:
    message = _message(MediaUrl0="file:///etc/passwd", MediaUrl1="https://x/1", Body="two")

    assert [file.url for file in message.media] == ["https://x/1"]
    assert message.attributes["files_left_out"] == 1


def test_all_identities_of_a_user_are_stated_and_the_one_to_reply_to_comes_first() -> None:
    message = _message(ExternalUserId="IN.42", ParentExternalUserId="IN.ENT.7", WaId="919812345678", ProfileName="Devi")

    assert (message.user_id, message.aliases) == ("919812345678", ("IN.42", "IN.ENT.7"))


def test_facts_of_every_sort_are_kept_under_names_of_ours() -> None:
    message = _message(
        Body="Hi",
        Latitude="12.97",
        Label="Clinic",
        OptOutType="STOP",
        Forwarded="true",
        ReferralSourceType="ad",
        ReferralHeadline="Check-ups",
        ChannelMetadata='{"type":"whatsapp","data":{"context":{}}}',
        OriginalRepliedMessageSid="SM0",
    )

    assert message.reply_to == "SM0"
    assert message.attributes == {
        "latitude": "12.97",
        "name": "Clinic",
        "opt_out_type": "STOP",
        "forwarded": "true",
        "referral_source_type": "ad",
        "referral_headline": "Check-ups",
        "channel_metadata": {"type": "whatsapp", "data": {"context": {}}},
    }


def test_parameters_that_twilio_adds_without_notice_are_kept_within_bounds() -> None:
    message = _message(Body="Hi", BrandNew="yes", Endless="x" * 100_000, **{f"P{number}": "1" for number in range(200)})

    unknown: Any = message.attributes["unknown_fields"]
    assert unknown["BrandNew"] == "yes"
    assert len(unknown["Endless"]) == 2000
    assert len(unknown) == 50


@pytest.mark.parametrize("metadata", ["{", "[" * 5000, "\ud800", '"\\ud800"'])
def test_metadata_that_is_no_json_stays_text(metadata: str) -> None:
    message = parse_message_form([*BASE_FORM.items(), ("ChannelMetadata", metadata)], channel="t", received_at=NOW)

    assert isinstance(message, InboundMessage)
    assert isinstance(message.attributes["channel_metadata"], str)
    assert queue_contract.decode(queue_contract.encode(message)) == message


def test_an_id_too_long_for_an_index_is_kept_as_its_digest_and_a_user_too_long_is_refused() -> None:
    assert (
        _message(MessageSid="SM" + "1" * 5000).provider_message_id
        == _message(MessageSid="SM" + "1" * 5000).provider_message_id
    )
    assert len(_message(MessageSid="SM" + "1" * 5000).provider_message_id) < 100

    (item,) = _channel().parse(twilio_post(TWILIO_PATH, {**BASE_FORM, "From": "whatsapp:" + "1" * 5000}))
    assert isinstance(item, ChannelNotice)
    assert item.kind is NoticeKind.REJECTED


def test_a_user_without_phone_is_known_by_the_business_scoped_id() -> None:
    assert _message(From="whatsapp:IN.42").user_id == "IN.42"
    assert _message(From="", ExternalUserId="whatsapp:IN.42").user_id == "IN.42"


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_form_without_id_or_sender_is_rejected_with_a_reason(missing: str) -> None:
    form = {name: value for name, value in BASE_FORM.items() if name != missing}

    (item,) = _channel().parse(twilio_post(TWILIO_PATH, form))

    assert isinstance(item, ChannelNotice)
    assert item.kind is NoticeKind.REJECTED
    assert item.reason


def test_an_empty_form_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest):
        _channel().parse(twilio_post(TWILIO_PATH, {}))


@given(
    st.lists(st.tuples(st.sampled_from([*BASE_FORM, "Body", "MediaUrl0", "MediaUrl0001", "MessageStatus"]), st.text()))
)
@settings(max_examples=100, deadline=None)
def test_any_form_yields_one_item_that_can_be_queued(pairs: list[tuple[str, str]]) -> None:
    try:
        items = _channel().parse(
            twilio_post(TWILIO_PATH, [(name, value.encode("utf-8", "replace").decode()) for name, value in pairs])
        )
    except InvalidRequest:
        return

    (item,) = items
    assert "\\u0000" not in queue_contract.encode(item)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", DeliveryStatus.PENDING),
        ("sending", DeliveryStatus.SENDING),
        ("sent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("failed", DeliveryStatus.FAILED),
        ("undelivered", DeliveryStatus.FAILED),
        ("teleported", None),
    ],
)
def test_a_status_word_is_translated_and_an_unknown_one_is_kept(word: str, status: DeliveryStatus | None) -> None:
    update = _status(MessageStatus=word)

    assert (update.status, update.reported, update.user_id) == (status, word, "919812345678")


def test_a_status_keeps_what_the_channel_says_and_has_no_time_of_its_own() -> None:
    update = _status(EventType="READ", ChannelPrefix="whatsapp", RawDlrDoneDate="2611220010", NewFact="1")

    assert (update.status, update.reported, update.is_dated) == (DeliveryStatus.READ, "READ", False)
    assert update.attributes["channel_prefix"] == "whatsapp"
    assert update.attributes["raw_done_date"] == "2611220010"
    assert update.attributes["unknown_fields"] == {"NewFact": "1"}


def test_a_status_names_a_user_without_phone() -> None:
    assert _status(MessageStatus="read", To="whatsapp:IN.42").user_id == "IN.42"


def test_a_failed_status_says_why() -> None:
    assert _status(MessageStatus="undelivered", ErrorCode="63016").error_code == "63016"


async def test_a_reply_leaves_by_rest_from_the_number_the_user_wrote_to() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, json={"sid": "SM5", "status": "queued"})

    delivery = await _channel(answer).deliver(RECIPIENT, chunks(ReplyChunk(text="Hello", agent_id="a")))

    (request,) = requests
    assert request.url == "https://api.example/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"].startswith("Basic ")
    assert dict(parse_qsl(request.content.decode())) == {
        "To": "whatsapp:+919812345678",
        "From": "whatsapp:+14155238886",
        "Body": "Hello",
        "StatusCallback": f"{BASE_URL}{TWILIO_PATH}/status",
    }
    assert delivery.provider_message_ids == ("SM5",)


async def test_a_long_reply_is_cut_to_what_twilio_takes() -> None:
    bodies: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(dict(parse_qsl(request.content.decode()))["Body"])
        return httpx.Response(201, json={"sid": f"SM{len(bodies)}"})

    await _channel(answer).deliver(RECIPIENT, chunks(ReplyChunk(text="word " * 500, agent_id="a")))

    assert [len(body) <= 1600 for body in bodies] == [True, True]


async def test_a_refusal_is_final_and_carries_twilios_code() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"code": 63016, "message": "outside window", "status": 400})

    with pytest.raises(ProviderRejected) as refusal:
        await _channel(answer).deliver(RECIPIENT, chunks(ReplyChunk(text="Hello", agent_id="a")))

    assert refusal.value.provider_code == "63016"


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(429, json={"code": 20429}), httpx.Response(500), httpx.Response(400, json={"code": 63018})],
)
async def test_a_throttle_or_failure_may_be_tried_again(answer: httpx.Response) -> None:
    with pytest.raises(ProviderUnavailable):
        await _channel(lambda _: answer).deliver(RECIPIENT, chunks(ReplyChunk(text="Hello", agent_id="a")))


def _listed(sid: str, body: str, *, minutes_ago: int = 1, status: str = "sent") -> dict[str, str]:
    created = NOW.timestamp() - minutes_ago * 60
    return {
        "sid": sid,
        "body": body,
        "status": status,
        "date_created": format_datetime(datetime.fromtimestamp(created, UTC)),
    }


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([], ()),
        ([_listed("SM1", "Other words")], ()),
        ([_listed("SM1", "Hello")], ("SM1",)),
        ([_listed("SM1", "Hello", minutes_ago=120)], ()),
        ([_listed("SM1", "Hello", status="failed")], ()),
    ],
)
async def test_what_was_sent_is_found_by_its_words_among_the_latest(
    listed: list[dict[str, str]], found: tuple[str, ...]
) -> None:
    queries: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        queries.append(request.url)
        return httpx.Response(200, json={"messages": listed})

    assert await _channel(answer).find_sent(RECIPIENT, "Hello") == found
    assert queries[0].params["To"] == "whatsapp:+919812345678"
    assert queries[0].params["DateSent>"] == "2026-11-21"


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.Response(401, json={"code": 20003})])
async def test_when_twilio_does_not_say_what_was_sent_nothing_is_assumed(answer: httpx.Response) -> None:
    with pytest.raises(ProviderUnavailable):
        await _channel(lambda _: answer).find_sent(RECIPIENT, "Hello")


async def test_a_template_is_sent_by_its_content_sid_with_numbered_variables() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, json={"sid": "SM7"})

    delivery = await _channel(answer).deliver_content(
        RECIPIENT, MessageTemplate(name="HX1", variables=("Asha", "Monday"))
    )

    form = dict(parse_qsl(requests[0].content.decode()))
    assert delivery.provider_message_ids == ("SM7",)
    assert (form["ContentSid"], form["ContentVariables"]) == ("HX1", '{"1":"Asha","2":"Monday"}')
    assert "Body" not in form


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            FileContent(file_kind=FileKind.IMAGE, link="https://files.example/a", caption="The way"),
            {"MediaUrl": "https://files.example/a", "Body": "The way"},
        ),
        (
            FileContent(file_kind=FileKind.VOICE, link="https://files.example/n"),
            {"MediaUrl": "https://files.example/n"},
        ),
        (
            Location(latitude=12.97, longitude=77.59, name="Lotus", address="12 Museum Road"),
            {"Body": "Lotus, 12 Museum Road", "PersistentAction": "geo:12.97,77.59|Lotus, 12 Museum Road"},
        ),
        (
            Location(latitude=12.97, longitude=77.59),
            {"Body": "12.97, 77.59", "PersistentAction": "geo:12.97,77.59"},
        ),
    ],
)
async def test_contents_leave_in_twilios_words(content: Content, expected: dict[str, str]) -> None:
    forms: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        forms.append(dict(parse_qsl(request.content.decode())))
        return httpx.Response(201, json={"sid": "SMout"})

    delivery = await _channel(answer).deliver_content(RECIPIENT, content)

    assert expected.items() <= forms[0].items()
    assert forms[0]["To"] == "whatsapp:+919812345678"
    assert delivery.provider_message_ids == ("SMout",)


async def test_typing_is_shown_at_twilios_messaging_host_and_never_fails() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(404)

    await _channel(answer).show_typing(replace(RECIPIENT, reply_to="SM1"))

    (request,) = requests
    assert str(request.url) == "https://messaging.twilio.com/v2/Indicators/Typing.json"
    assert dict(parse_qsl(request.content.decode())) == {"messageId": "SM1", "channel": "whatsapp"}


@pytest.mark.parametrize(
    ("api", "url"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com/v2/Indicators/Typing.json"),
        ("https://api.dublin.ie1.twilio.com/", "https://messaging.dublin.ie1.twilio.com/v2/Indicators/Typing.json"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/v2/Indicators/Typing.json"),
    ],
)
def test_the_messaging_host_is_beside_the_api_host(api: str, url: str) -> None:
    assert typing_url(api) == url


async def test_a_user_who_changed_identity_is_addressed_by_the_new_one() -> None:
    forms: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        forms.append(dict(parse_qsl(request.content.decode())))
        return httpx.Response(201, json={"sid": "SMout"})

    await _channel(answer).deliver(replace(RECIPIENT, address="IN.42"), chunks(ReplyChunk(text="Hi", agent_id="a")))

    assert forms[0]["To"] == "whatsapp:IN.42"

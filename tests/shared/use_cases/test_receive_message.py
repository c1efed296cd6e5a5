"""Intake: what is refused, what is kept, and what the provider reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.domain.message import InboundItem, InboundMessage
from shared.domain.quota import Admission
from shared.errors import (
    Blocked,
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    QueueUnavailable,
    RateLimited,
    SignatureInvalid,
    StoreUnavailable,
)
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import user_hash
from shared.ports.channel import Channel
from shared.ports.counters import FailedSource
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.receive_message import ReceiveMessage
from tests.fakes.counters import FakeBlocklist, FakeRateCounter
from tests.fakes.messaging import FakeMessageQueue
from tests.fakes.toy_channel import PASSWORD, ToyChannel
from tests.provider_requests import (
    APP_SECRET,
    AUTH_TOKEN,
    BASE_URL,
    META_PATH,
    TWILIO_PATH,
    VERIFY_TOKEN,
    load_fixture,
    messages_value,
    meta_post,
    notification,
    text_message,
    twilio_post,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMIT = 100
USER = "919812345678"
OTHER = "6591234567"


def _never() -> Any:
    raise AssertionError("the webhook sends nothing")


class Rates(FakeRateCounter):
    """Counts until it is told to be down."""

    is_down = False

    async def admit(self, subject: str, *, limit: int, window_seconds: int, cost: int = 1) -> Admission:
        if self.is_down:
            raise StoreUnavailable("The counter did not answer.")
        return await super().admit(subject, limit=limit, window_seconds=window_seconds, cost=cost)


class Blocks(FakeBlocklist):
    """Remembers until it is told to be down."""

    is_down = False

    async def record_failure(self, source: str, **rule: int) -> FailedSource:
        if self.is_down:
            raise StoreUnavailable("The block list did not answer.")
        return await super().record_failure(source, **rule)

    async def forgive(self, source: str) -> None:
        if self.is_down:
            raise StoreUnavailable("The block list did not answer.")
        await super().forgive(source)


class Queue(FakeMessageQueue):
    """Takes items until it is told to be down."""

    is_down = False

    async def put(self, items: Sequence[InboundItem]) -> None:
        if self.is_down:
            raise QueueUnavailable("The queue did not take the message.")
        await super().put(items)


class Intake:
    """The use case on fakes."""

    def __init__(self, *more: Channel) -> None:
        meta = WhatsAppChannel(
            app_secret=lambda: APP_SECRET, verify_token=lambda: VERIFY_TOKEN, open_client=_never, clock=lambda: NOW
        )
        twilio = TwilioWhatsAppChannel(
            signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
            status_url=f"{BASE_URL}{TWILIO_PATH}/status",
            sender_number="",
            open_client=_never,
            clock=lambda: NOW,
        )
        self.queue = Queue()
        self.rates = Rates(lambda: NOW)
        self.blocklist = Blocks(lambda: NOW)
        rule = BlockingRule(failures_before_block=3, failure_window_seconds=300, block_seconds=900)
        channels: tuple[Channel, ...] = (meta, twilio, *more)
        self.receive = ReceiveMessage(
            {channel.name: channel for channel in channels},
            self.queue,
            self.rates,
            GuardSource(self.blocklist, rule),
            requests_per_minute=LIMIT,
        )


@pytest.fixture
def intake() -> Intake:
    return Intake()


async def _use_up_the_minute(intake: Intake) -> None:
    await intake.rates.admit(f"whatsapp:{USER}", limit=LIMIT, window_seconds=60, cost=LIMIT)


def _unsigned(body: object) -> HTTPRequest:
    return replace(meta_post(body), headers={})


def _data(response: HTTPResponse) -> Any:
    return json.loads(response.body)["data"]


@pytest.mark.requirement("1.2")
async def test_a_signed_message_is_queued_and_counted_in_the_answer(intake: Intake) -> None:
    response = await intake.receive(meta_post(notification(messages_value(text_message("Hi")))))

    assert response.status == 200
    assert _data(response) == {
        "accepted": 1, "messages": 1, "statuses": 0, "calls": 0, "errors": 0, "notices": 0, "rejected": [],
    }  # fmt: skip
    (item,) = intake.queue.items
    assert isinstance(item, InboundMessage)
    assert (item.text, item.user_id) == ("Hi", USER)


@pytest.mark.requirement("18.3")
@pytest.mark.parametrize("name", sorted(load_fixture("expected_counts.json")))
async def test_every_element_of_a_published_payload_is_queued(intake: Intake, name: str) -> None:
    expected = load_fixture("expected_counts.json")[name]

    response = await intake.receive(meta_post(load_fixture(name)))

    data = _data(response)
    assert data["rejected"] == []
    assert [data[kind] for kind in ("messages", "statuses", "calls", "errors", "notices")] == [
        expected[kind] for kind in ("messages", "statuses", "calls", "value_errors", "other_changes")
    ]
    assert len(intake.queue.items) == data["accepted"]
    ids = {item.provider_message_id for item in intake.queue.items if isinstance(item, InboundMessage)}
    assert len(ids) == expected["unique_ids"]


async def test_a_malformed_element_is_reported_and_its_neighbour_is_kept(intake: Intake) -> None:
    response = await intake.receive(meta_post(notification(messages_value({"type": "text"}, text_message()))))

    data = _data(response)
    assert (data["accepted"], data["messages"], len(data["rejected"])) == (1, 1, 1)
    assert set(data["rejected"][0]) == {"id", "reason"}


@pytest.mark.requirement("6.1")
@pytest.mark.requirement("6.2")
async def test_a_request_without_signature_is_refused_logged_and_not_queued(
    intake: Intake, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SignatureInvalid):
        await intake.receive(_unsigned(notification(messages_value(text_message()))))

    assert intake.queue.items == []
    assert '"message":"webhook_rejected"' in capsys.readouterr().out


@pytest.mark.requirement("6.2")
async def test_one_changed_byte_of_the_body_is_refused(intake: Intake) -> None:
    request = meta_post(notification(messages_value(text_message("Hello"))))

    with pytest.raises(SignatureInvalid):
        await intake.receive(replace(request, body=request.body.replace(b"Hello", b"hello")))


@pytest.mark.requirement("6.5")
async def test_a_source_that_fails_repeatedly_is_blocked_for_fifteen_minutes(intake: Intake) -> None:
    for _ in range(3):
        with pytest.raises(SignatureInvalid):
            await intake.receive(_unsigned({}))

    with pytest.raises(Blocked) as refusal:
        await intake.receive(_unsigned({}))

    assert refusal.value.retry_after_seconds == 900


async def test_a_valid_signature_is_served_from_a_blocked_source_and_lifts_the_block(intake: Intake) -> None:
    for _ in range(4):
        with pytest.raises((SignatureInvalid, Blocked)):
            await intake.receive(_unsigned({}))

    response = await intake.receive(meta_post(notification(messages_value(text_message()))))

    assert response.status == 200
    with pytest.raises(SignatureInvalid):
        await intake.receive(_unsigned({}))


async def test_failures_on_one_path_do_not_block_the_source_on_another(intake: Intake) -> None:
    for _ in range(4):
        with pytest.raises((SignatureInvalid, Blocked)):
            await intake.receive(_unsigned({}))

    with pytest.raises(SignatureInvalid):
        await intake.receive(replace(_unsigned({}), path=TWILIO_PATH))


async def test_a_lost_block_list_still_refuses_what_is_not_signed(intake: Intake) -> None:
    intake.blocklist.is_down = True

    with pytest.raises(SignatureInvalid):
        await intake.receive(_unsigned({}))
    response = await intake.receive(meta_post(notification(messages_value(text_message()))))

    assert response.status == 200


@pytest.mark.requirement("12.1")
@pytest.mark.requirement("12.2")
@pytest.mark.requirement("12.5")
async def test_the_message_after_the_limit_is_refused_with_the_time_to_wait_and_logged(
    intake: Intake, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(LIMIT):
        await intake.receive(meta_post(notification(messages_value(text_message(number=number)))))

    with pytest.raises(RateLimited) as refusal:
        await intake.receive(meta_post(notification(messages_value(text_message(number=LIMIT)))))

    assert refusal.value.retry_after_seconds == 60
    assert len(intake.queue.items) == LIMIT
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    violation = next(line for line in lines if line.get("message") == "rate_limit_exceeded")
    assert violation["violation"] == "messages_per_minute"
    assert violation["user_hash"]
    assert USER not in str(violation)


@pytest.mark.requirement("12.5")
async def test_a_post_that_mixes_users_is_accepted_whole_when_one_is_over_the_limit_and_that_is_noted(
    intake: Intake, capsys: pytest.CaptureFixture[str]
) -> None:
    await _use_up_the_minute(intake)

    await intake.receive(meta_post(notification(messages_value(text_message(), text_message(user=OTHER)))))

    assert len(intake.queue.items) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (violation,) = [line for line in lines if line.get("message") == "rate_limit_exceeded"]
    assert (violation["violation"], violation["requests"]) == ("messages_per_minute", 101)
    assert violation["user_hash"] == user_hash(USER)


async def test_a_post_with_more_messages_than_a_minute_allows_is_not_refused_for_ever(intake: Intake) -> None:
    crowd = [text_message(number=number) for number in range(LIMIT + 50)]

    await intake.receive(meta_post(notification(messages_value(*crowd))))

    assert len(intake.queue.items) == LIMIT + 50


async def test_a_status_beside_messages_of_a_user_over_the_limit_is_not_lost(intake: Intake) -> None:
    await _use_up_the_minute(intake)
    value = {**messages_value(text_message()), "statuses": [{"id": "wamid.x", "status": "read", "timestamp": "1"}]}

    await intake.receive(meta_post(notification(value)))

    assert len(intake.queue.items) == 2


async def test_lost_rate_counters_let_messages_in(intake: Intake, capsys: pytest.CaptureFixture[str]) -> None:
    intake.rates.is_down = True

    response = await intake.receive(meta_post(notification(messages_value(text_message()))))

    assert response.status == 200
    assert '"message":"counter_unavailable"' in capsys.readouterr().out


async def test_nothing_is_acknowledged_that_the_queue_did_not_take(intake: Intake) -> None:
    intake.queue.is_down = True

    with pytest.raises(QueueUnavailable):
        await intake.receive(meta_post(notification(messages_value(text_message()))))


async def test_the_handshake_echoes_the_challenge(intake: Intake) -> None:
    query = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=a%20b"

    response = await intake.receive(HTTPRequest(method="GET", path=META_PATH, query=query))

    assert (response.status, response.body, response.content_type) == (200, "a b", "text/plain; charset=utf-8")


@pytest.mark.parametrize("query", ["", "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1"])
async def test_a_handshake_with_a_wrong_token_is_forbidden(intake: Intake, query: str) -> None:
    with pytest.raises(Forbidden):
        await intake.receive(HTTPRequest(method="GET", path=META_PATH, query=query))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "", "BREW"])
@pytest.mark.parametrize(("path", "allowed"), [(META_PATH, "GET, HEAD, POST"), (TWILIO_PATH, "POST")])
async def test_a_method_that_no_provider_uses_is_refused_with_those_that_are(
    intake: Intake, path: str, allowed: str, method: str
) -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        await intake.receive(HTTPRequest(method=method, path=path))

    assert refusal.value.allowed == allowed
    assert HTTPResponse.failure(refusal.value, request_id="r").headers == {"allow": allowed}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_where_no_provider_looks_a_look_is_refused(intake: Intake, method: str) -> None:
    with pytest.raises(MethodNotAllowed):
        await intake.receive(HTTPRequest(method=method, path=TWILIO_PATH))


async def test_a_head_is_answered_like_the_handshake_it_stands_for(intake: Intake) -> None:
    query = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1"

    response = await intake.receive(HTTPRequest(method="HEAD", path=META_PATH, query=query))

    assert response.status == 200
    with pytest.raises(Forbidden):
        await intake.receive(HTTPRequest(method="HEAD", path=META_PATH))


@pytest.mark.parametrize("path", [META_PATH, TWILIO_PATH, f"{TWILIO_PATH}/status"])
@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json; charset=utf-16", "multipart/form-data", "x" * 999]
)
async def test_without_signature_the_content_type_makes_no_difference(
    intake: Intake, path: str, content_type: str
) -> None:
    with pytest.raises(SignatureInvalid):
        await intake.receive(
            HTTPRequest(method="POST", path=path, headers={"content-type": content_type}, body=b"{}", source_ip=path)
        )


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
async def test_what_meta_signed_is_read_as_json_whatever_it_is_called(intake: Intake, content_type: str) -> None:
    request = meta_post(notification(messages_value(text_message())))

    response = await intake.receive(replace(request, headers={**request.headers, "content-type": content_type}))

    assert response.status == 200
    assert len(intake.queue.items) == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff\xfe{}", b"a=b", b"[" * 100_000, b'{"entry":' * 50_000, b"x" * 1_048_576]
)
async def test_what_is_signed_but_no_notification_is_an_invalid_request(intake: Intake, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        await intake.receive(meta_post(body))


@pytest.mark.parametrize("path", ["/webhooks/messages/telegram", "/webhooks/messages/", "/elsewhere/whatsapp"])
async def test_a_path_without_channel_is_not_found(intake: Intake, path: str) -> None:
    with pytest.raises(NotFound):
        await intake.receive(meta_post({}, path=path))


async def test_twilio_reads_an_empty_document_for_a_message_and_nothing_for_a_status(intake: Intake) -> None:
    message = await intake.receive(twilio_post(TWILIO_PATH, {"MessageSid": "SM1", "From": "whatsapp:+91", "Body": "x"}))
    status = await intake.receive(
        twilio_post(f"{TWILIO_PATH}/status", {"MessageSid": "SM2", "MessageStatus": "delivered"})
    )

    assert (message.status, status.status, status.body) == (200, 204, "")
    assert message.body.endswith("<Response/>")
    assert len(intake.queue.items) == 2


@pytest.mark.requirement("18.2")
async def test_a_new_channel_needs_only_the_channel_interface() -> None:
    intake = Intake(ToyChannel(lambda: NOW))
    body = json.dumps({"id": "m1", "user": "u1", "text": "hi"}).encode()
    request = HTTPRequest(method="POST", path="/webhooks/messages/toy", headers={"x-toy": PASSWORD}, body=body)

    response = await intake.receive(request)

    assert json.loads(response.body)["data"] == {"accepted": 1}
    assert [(item.channel, item.text) for item in intake.queue.items if isinstance(item, InboundMessage)] == [
        ("toy", "hi")
    ]
    with pytest.raises(SignatureInvalid):
        await intake.receive(replace(request, headers={}))

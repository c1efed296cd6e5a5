"""The webhook of the text channels, on the sample events: from the load balancer's event to its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.domain.message import InboundItem
from shared.errors import QueueUnavailable
from shared.lambda_runtime import LARGEST_BODY_BYTES
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.receive_message import ReceiveMessage
from tests.fakes.counters import FakeBlocklist, FakeRateCounter
from tests.fakes.messaging import FakeMessageQueue
from tests.functions.loading import call, load_function

EVENTS = Path(__file__).parents[3] / "events" / "message_webhook"
BASE_URL = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _never() -> Any:
    raise AssertionError("the webhook sends nothing")


@pytest.fixture
def queue() -> FakeMessageQueue:
    return FakeMessageQueue()


class DownQueue(FakeMessageQueue):
    """A queue that takes nothing."""

    async def put(self, items: Sequence[InboundItem]) -> None:
        raise QueueUnavailable("The queue did not take the message.")


@pytest.fixture
def webhook(queue: FakeMessageQueue) -> ModuleType:
    return _load(queue)


def _load(queue: FakeMessageQueue) -> ModuleType:
    # The sample events are signed with the documented values for development.
    meta = WhatsAppChannel(
        app_secret=lambda: "local-whatsapp-app-secret",
        verify_token=lambda: "local-verify-token",
        open_client=_never,
        clock=lambda: NOW,
    )
    signature = TwilioSignature(auth_tokens=[lambda: "local-twilio-auth-token"], public_base_url=BASE_URL)
    twilio = TwilioWhatsAppChannel(
        signature=signature, status_url="", sender_number="", open_client=_never, clock=lambda: NOW
    )
    rule = BlockingRule(failures_before_block=10, failure_window_seconds=300, block_seconds=900)
    receive_message = ReceiveMessage(
        {meta.name: meta, twilio.name: twilio},
        queue,
        FakeRateCounter(lambda: NOW),
        GuardSource(FakeBlocklist(lambda: NOW), rule),
        requests_per_minute=100,
    )
    return load_function("message_webhook", receive_message=receive_message)


def _answer(webhook: ModuleType, case: str) -> dict[str, Any]:
    event = json.loads((EVENTS / f"{case}.json").read_bytes())
    answer: dict[str, Any] = webhook.handler(event, SimpleNamespace(aws_request_id="r"))
    return answer


@pytest.mark.parametrize(
    ("case", "status", "queued"),
    [
        ("health", 200, 0),
        ("whatsapp_challenge", 200, 0),
        ("whatsapp_challenge_single_value", 200, 0),
        ("whatsapp_challenge_wrong_token", 403, 0),
        ("whatsapp_text", 200, 1),
        ("whatsapp_text_single_value", 200, 1),
        ("whatsapp_text_wrong_signature", 401, 0),
        ("whatsapp_image", 200, 1),
        ("whatsapp_unsupported", 200, 1),
        ("whatsapp_number_changed", 200, 1),
        ("whatsapp_user_without_phone", 200, 1),
        ("whatsapp_voice_note", 200, 1),
        ("whatsapp_marketing_stop", 200, 1),
        ("whatsapp_status_delivered", 200, 1),
        ("twilio_whatsapp_text", 200, 1),
        ("twilio_whatsapp_text_single_value", 200, 1),
        ("twilio_whatsapp_user_without_phone", 200, 1),
        ("twilio_whatsapp_status", 204, 1),
        ("twilio_whatsapp_wrong_signature", 401, 0),
    ],
)
def test_each_sample_event_is_answered_and_what_it_brings_is_queued(
    webhook: ModuleType, queue: FakeMessageQueue, case: str, status: int, queued: int
) -> None:
    answer = _answer(webhook, case)

    assert answer["statusCode"] == status
    assert len(queue.items) == queued


@pytest.mark.requirement("13.4")
def test_a_refusal_has_the_envelope_and_says_nothing_of_what_was_expected(webhook: ModuleType) -> None:
    body = json.loads(_answer(webhook, "whatsapp_text_wrong_signature")["body"])

    assert (body["status"], body["data"], body["error"]["code"]) == ("error", None, "signature_invalid")
    assert "sha256" not in json.dumps(body)


def test_a_provider_is_asked_to_come_back_when_the_queue_is_down() -> None:
    answer = _answer(_load(DownQueue()), "whatsapp_text")

    assert answer["statusCode"] == 503
    assert int(answer["multiValueHeaders"]["retry-after"][0]) > 0


@pytest.mark.parametrize(
    ("channel", "allowed"),
    [("whatsapp", "GET, HEAD, POST"), ("twilio-whatsapp", "POST"), ("twilio-whatsapp/status", "POST")],
)
def test_a_method_that_no_provider_uses_is_refused_in_the_envelope(
    webhook: ModuleType, queue: FakeMessageQueue, channel: str, allowed: str
) -> None:
    answer = call(webhook, "PUT", f"/webhooks/messages/{channel}", body={})

    assert (answer.status, answer.headers["allow"], answer.json["error"]["code"]) == (
        405,
        allowed,
        "method_not_allowed",
    )
    assert queue.items == []


def test_a_body_beyond_what_the_load_balancer_hands_over_is_refused_in_the_envelope(webhook: ModuleType) -> None:
    answer = call(webhook, "POST", "/webhooks/messages/whatsapp", body="x" * (LARGEST_BODY_BYTES + 1))

    assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")


def test_an_unknown_channel_is_not_there_whatever_the_method(webhook: ModuleType) -> None:
    assert {call(webhook, method, "/webhooks/messages/telegraph").status for method in ("GET", "POST", "PUT")} == {404}

"""The webhook of the text channels as it runs, but for its queue and counters, which are in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.domain.message import InboundItem
from shared.queue_contract import encode
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.receive_message import ReceiveMessage
from tests.fakes.counters import FakeBlocklist, FakeRateCounter
from tests.functions.loading import load_function
from tests.provider_requests import APP_SECRET, AUTH_TOKEN, BASE_URL, TWILIO_PATH, VERIFY_TOKEN

_WITHOUT_LIMIT = 10**9


class ForgetfulQueue:
    """Implements `MessageQueue` without removing duplicates, as SQS after five minutes; keeps what it would send."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    async def put(self, items: Sequence[InboundItem]) -> None:
        self.bodies += [encode(item) for item in items]


class Intake:
    """The function `message_webhook` with a queue that can be looked into, and sources that are never blocked."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.queue = ForgetfulQueue()
        meta = WhatsAppChannel(
            app_secret=lambda: APP_SECRET, verify_token=lambda: VERIFY_TOKEN, open_client=_never, clock=clock
        )
        twilio = TwilioWhatsAppChannel(
            signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
            status_url=f"{BASE_URL}{TWILIO_PATH}/status",
            sender_number="",
            open_client=_never,
            clock=clock,
        )
        rule = BlockingRule(failures_before_block=_WITHOUT_LIMIT, failure_window_seconds=300, block_seconds=900)
        receive_message = ReceiveMessage(
            {meta.name: meta, twilio.name: twilio},
            self.queue,
            FakeRateCounter(clock),
            GuardSource(FakeBlocklist(clock), rule),
            requests_per_minute=_WITHOUT_LIMIT,
        )
        self._module = load_function("message_webhook", receive_message=receive_message)

    def post(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the function answers to the load balancer's event."""
        answer: dict[str, Any] = self._module.handler(event, SimpleNamespace(aws_request_id="lambda-request"))
        return answer


def _never() -> Any:
    raise AssertionError("the webhook sends nothing")

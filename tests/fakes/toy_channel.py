"""A channel as somebody else would add it: the interface and nothing more."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from shared.domain.message import (
    Delivery,
    DeliveryStatus,
    InboundItem,
    InboundMessage,
    MessageKind,
    Recipient,
    ReplyChunk,
    StatusUpdate,
)
from shared.errors import SignatureInvalid
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.channel import ChannelCapabilities

PASSWORD = "toy"


class ToyChannel:
    """Implements `Channel`: messages are `{"id", "user", "text"}`, statuses on their own path `{"id", "state"}`.

    What was delivered lies in `sent`, by user.
    """

    name = "toy"
    capabilities = ChannelCapabilities(text_limit=500)

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.sent: list[tuple[str, str]] = []

    def handshake(self, request: HTTPRequest) -> HTTPResponse | None:
        return None

    def verify(self, request: HTTPRequest) -> None:
        if request.headers.get("x-toy") != PASSWORD:
            raise SignatureInvalid("The toy's password is missing or wrong.")

    def parse(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        body = json.loads(request.body)
        now = self._clock()
        message = InboundMessage(
            channel=self.name,
            user_id=body["user"],
            provider_message_id=body["id"],
            kind=MessageKind.TEXT,
            text=body["text"],
            business_id="toy-shop",
            sent_at=now,
            received_at=now,
        )
        return (message,)

    def parse_status(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        body = json.loads(request.body)
        update = StatusUpdate(
            channel=self.name,
            provider_message_id=body["id"],
            status=DeliveryStatus(body["state"]),
            reported=body["state"],
            occurred_at=self._clock(),
        )
        return (update,)

    def acknowledge(self, items: tuple[InboundItem, ...]) -> HTTPResponse:
        return HTTPResponse.text(f"thanks for {len(items)}")

    def acknowledge_status(self) -> HTTPResponse:
        return HTTPResponse.empty()

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        text = "".join([chunk.text async for chunk in reply])
        self.sent.append((recipient.user_id, text))
        return Delivery(text=text, provider_message_ids=(f"toy-{len(self.sent)}",))

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:
        found = [number for number, sent in enumerate(self.sent, start=1) if sent == (recipient.user_id, text)]
        return tuple(f"toy-{number}" for number in found)

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
from shared.errors import InvalidRequest, SignatureInvalid
from shared.http_contract import HTTPRequest
from shared.ports.channel import Channel, ChannelCapabilities

PASSWORD = "toy"


class ToyChannel(Channel):
    """Messages are `{"id", "user", "text"}`, statuses on their own path `{"id", "state"}`.

    What was delivered lies in `sent`, by user.
    """

    name = "toy"
    capabilities = ChannelCapabilities(text_limit=500)

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.sent: list[tuple[str, str]] = []

    def verify(self, request: HTTPRequest) -> None:
        if request.headers.get("x-toy") != PASSWORD:
            raise SignatureInvalid("The toy's password is missing or wrong.")

    def parse(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        body = _fields(request)
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
        body = _fields(request)
        update = StatusUpdate(
            channel=self.name,
            provider_message_id=body["id"],
            status=DeliveryStatus(body["state"]),
            reported=body["state"],
            occurred_at=self._clock(),
        )
        return (update,)

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        text = "".join([chunk.text async for chunk in reply])
        self.sent.append((recipient.user_id, text))
        return Delivery(text=text, provider_message_ids=(f"toy-{len(self.sent)}",))


def _fields(request: HTTPRequest) -> dict[str, str]:
    try:
        fields: dict[str, str] = json.loads(request.body)
    except ValueError as error:
        raise InvalidRequest("The body is not JSON.") from error
    return fields

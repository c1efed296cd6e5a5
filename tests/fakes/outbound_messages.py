"""OutboundMessages in memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.outbound import HeldContent, LastHeard, OutboundMessage, SentMessage
from shared.errors import AlreadyClaimed


class FakeOutboundMessages:
    """Implements `OutboundMessages`; who wrote when lies in `heard`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._begun_at: dict[str, datetime] = {}
        self.opted_out: set[ConversationKey] = set()
        self.heard: dict[ConversationKey, LastHeard] = {}
        self.kept: dict[str, SentMessage] = {}
        self.messages: dict[str, OutboundMessage] = {}

    async def find(self, delivery_id: str) -> SentMessage | None:
        return self.kept.get(delivery_id)

    async def last_heard(self, key: ConversationKey) -> LastHeard | None:
        return self.heard.get(key)

    async def has_opted_out(self, key: ConversationKey) -> bool:
        return key in self.opted_out

    async def hold(self, message: OutboundMessage, *, delivery_id: str, held: HeldContent) -> SentMessage:
        self.messages.setdefault(delivery_id, message)
        return self.kept.setdefault(
            delivery_id,
            SentMessage(
                delivery_id=delivery_id,
                message_id=str(uuid.uuid4()),
                conversation_id=str(uuid.uuid4()),
                turn_text=message.turn_text,
                status=DeliveryStatus.PENDING,
                held=held,
            ),
        )

    async def fallback_of(self, message_id: str) -> OutboundMessage | None:
        for delivery_id, kept in self.kept.items():
            held = kept.held
            if kept.message_id == message_id and held and held.fallback and not held.uses_fallback:
                return replace(self.messages[delivery_id], content=held.fallback, fallback=None, reply_to=None)
        return None

    async def begin(self, delivery_id: str, *, lease_seconds: int) -> SentMessage:
        before = self.kept[delivery_id]
        lease = timedelta(seconds=lease_seconds)
        if before.status is DeliveryStatus.SENDING and self._clock() - self._begun_at[delivery_id] <= lease:
            raise AlreadyClaimed("The message is being sent.")
        if before.status in {DeliveryStatus.PENDING, DeliveryStatus.SENDING}:
            self._begun_at[delivery_id] = self._clock()
            self.kept[delivery_id] = replace(before, status=DeliveryStatus.SENDING)
        return before

    async def give_back(self, delivery_id: str) -> None:
        if self.kept[delivery_id].status is DeliveryStatus.SENDING:
            self.kept[delivery_id] = replace(self.kept[delivery_id], status=DeliveryStatus.PENDING)

    async def complete(self, delivery_id: str, delivery: Delivery) -> SentMessage:
        kept = self.kept[delivery_id]
        reason = delivery.attributes.get("error_reason")
        self.kept[delivery_id] = replace(
            kept,
            status=delivery.status,
            turn_text=delivery.text or kept.turn_text,
            failure_reason=None if reason is None else str(reason),
        )
        return self.kept[delivery_id]

"""OutboundChannel in memory: a provider that takes texts, and a mouth that speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.ports.channel import ChannelCapabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A delivery that the provider took, and the id it gave."""

    recipient: Recipient
    text: str
    provider_message_id: str


class FakeTextChannel:
    """Implements `OutboundChannel`; `failures` are raised first, one per delivery.

    `can_tell` says whether the provider can be asked what it took.
    """

    capabilities = ChannelCapabilities(text_limit=4096)

    def __init__(self, *, can_tell: bool = False) -> None:
        self.can_tell = can_tell
        self.accepted: list[Accepted] = []
        self.failures: list[Exception] = []

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        async with aclosing(reply):
            text = "".join([chunk.text async for chunk in reply])
        if self.failures:
            raise self.failures.pop(0)
        provider_message_id = f"out-{len(self.accepted) + 1}"
        self.accepted.append(Accepted(recipient=recipient, text=text, provider_message_id=provider_message_id))
        return Delivery(text=text, provider_message_ids=(provider_message_id,))

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:
        if not self.can_tell:
            return None
        return tuple(
            taken.provider_message_id
            for taken in self.accepted
            if taken.recipient.delivery_id == recipient.delivery_id and taken.text == text
        )


class FakeVoiceChannel:
    """Implements `OutboundChannel` for a call: the listener interrupts after `heard_chunks` chunks, if that is set."""

    capabilities = ChannelCapabilities(streams=True)

    def __init__(self, *, heard_chunks: int | None = None) -> None:
        self._heard_chunks = heard_chunks
        self.chunks: list[ReplyChunk] = []

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        interrupted = False
        async with aclosing(reply):
            async for chunk in reply:
                if len(self.chunks) == self._heard_chunks:
                    interrupted = True
                    break
                self.chunks.append(chunk)
        heard = "".join(chunk.text for chunk in self.chunks).strip()
        return Delivery(text=heard, interrupted=interrupted, stages_ms={"reply": 30, "speech": 20})

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:
        return ()

"""A reply that is spoken while its message is still being claimed: the caller need not wait for the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.domain.conversation import Conversation, ConversationStatus
from shared.domain.message import Delivery, InboundMessage, Recipient
from shared.ports.channel import OutboundChannel
from shared.ports.stores import Claim
from shared.use_cases.orchestrator import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Anticipated:
    """A reply begun for words that may turn out to be the message; `conversation` is what it was begun upon."""

    conversation: Conversation
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An anticipated reply that is being spoken while its message is not yet claimed."""

    conversation: Conversation
    reply: Reply
    delivery: asyncio.Task[Delivery]

    def fits(self, claim: Claim) -> bool:
        """Whether the claim allows what is being done already."""
        is_same = self.conversation.id == claim.conversation_id and claim.held_reply is None
        return is_same and claim.conversation_status is not ConversationStatus.HUMAN

    async def give_up(self) -> None:
        """Stop speaking; nothing happens once the reply was delivered."""
        self.delivery.cancel()
        await asyncio.gather(self.delivery, return_exceptions=True)


@asynccontextmanager
async def speaking_ahead(
    message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None
) -> AsyncGenerator[Ahead | None, None]:
    """Speak an anticipated reply from now on; None where there is none or the channel writes.

    A live call's message has no other claimant than its own stream, so the claim is refused only after that was lost.
    Then, and whatever else goes wrong, the reply falls silent.
    """
    if anticipated is None or not channel.capabilities.streams:
        yield None
        return
    recipient = Recipient.of(message, delivery_id=message.provider_message_id)
    ahead = Ahead(
        conversation=anticipated.conversation,
        reply=anticipated.reply,
        delivery=asyncio.create_task(channel.deliver(recipient, anticipated.reply.chunks)),
    )
    try:
        yield ahead
    finally:
        await ahead.give_up()

"""What the business sends of its own accord."""

from __future__ import annotations

from typing import Protocol

from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery
from shared.domain.outbound import HeldContent, LastHeard, OutboundMessage, SentMessage


class OutboundMessages(Protocol):
    """The outbox of messages that answer nothing; each is known by its delivery id and leaves once."""

    async def find(self, delivery_id: str) -> SentMessage | None:
        """What is kept under the id.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def last_heard(self, key: ConversationKey) -> LastHeard | None:
        """When the user wrote last, under this or another identity; None when never.

        What others wrote in the user's name, or the provider about the user, does not count.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def has_opted_out(self, key: ConversationKey) -> bool:
        """Whether the user, under this or another identity, asked for no more messages on the channel.

        Raises:
            StoreUnavailable: not known, so nothing must be sent.
        """

    async def hold(self, message: OutboundMessage, *, delivery_id: str, held: HeldContent) -> SentMessage:
        """Keep the message as a turn of the user's conversation; if something is kept under the id, that stands.

        `held` says what was asked for, where that is not what the message holds now.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def fallback_of(self, message_id: str) -> OutboundMessage | None:
        """The template that is to leave in place of a message; None where none was given, or it left already.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def begin(self, delivery_id: str, *, lease_seconds: int) -> SentMessage:
        """Take the right to send it, and note that it is about to leave; returns how it stood before.

        Raises:
            AlreadyClaimed: somebody else took that right less than `lease_seconds` ago.
            StoreUnavailable: nothing is known to have happened, so it must not be sent.
        """

    async def give_back(self, delivery_id: str) -> None:
        """Note that it certainly did not leave, so that the next try may begin at once.

        Raises:
            StoreUnavailable: not noted; the right to send it runs out by itself.
        """

    async def complete(self, delivery_id: str, delivery: Delivery) -> SentMessage:
        """Note what became of it, in the words that the user got; statuses that came in before are joined to it.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

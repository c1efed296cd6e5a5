"""What the business sends of its own accord."""

from __future__ import annotations

from typing import Protocol

from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery
from shared.domain.outbound import LastHeard, OutboundMessage, SentMessage


class OutboundMessages(Protocol):
    """The outbox of messages that answer nothing; each is known by its delivery id and leaves once."""

    async def find(self, delivery_id: str) -> SentMessage | None:
        """What is kept under the id.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def last_heard(self, key: ConversationKey) -> LastHeard | None:
        """When the user wrote last; None when never.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def hold(self, message: OutboundMessage, *, delivery_id: str) -> SentMessage:
        """Keep the message as a turn of the user's conversation; if something is kept under the id, that stands.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def begin(self, delivery_id: str, *, lease_seconds: int) -> SentMessage:
        """Take the right to send it, and note that it is about to leave; returns how it stood before.

        Raises:
            AlreadyClaimed: somebody else took that right less than `lease_seconds` ago.
            StoreUnavailable: nothing is known to have happened, so it must not be sent.
        """

    async def complete(self, delivery_id: str, delivery: Delivery) -> SentMessage:
        """Note what became of it; statuses that came in before are joined to it.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

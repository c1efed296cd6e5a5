"""The files of a message: fetched, kept, and read as far as they hold words."""

from __future__ import annotations

from shared.domain.message import InboundMessage
from shared.ports.channel import OutboundChannel
from shared.ports.stores import Claim


class ReadAttachments:
    """Makes of a message with files one that an agent can answer."""

    async def __call__(self, message: InboundMessage, claim: Claim, channel: OutboundChannel) -> InboundMessage:
        """The message with the words of its voice note; unchanged where there is nothing to read."""
        return message

"""Whether a user wants to be written to, and how we know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared.domain.consent import ConsentChange, ConsentRequest, MarketingPreference
from shared.domain.conversation import ConversationKey
from shared.domain.message import ChannelNotice, InboundMessage
from shared.ports.stores import Claim

PreferenceReader = Callable[[ChannelNotice], tuple[MarketingPreference, ...]]
"""What a notice says about the marketing messages that users want; nothing, where it is about other things."""


class ConsentStore(Protocol):
    """Keeps each user's consent, and a log of who asked for what, when and by which word."""

    async def keep(self, claim: Claim, message: InboundMessage, request: ConsentRequest) -> ConsentChange:
        """Keep the wish of a claimed message; keeping it again changes nothing.

        A wish that was stated before another one of the same user, but comes after it, changes nothing either.

        Raises:
            LeaseLost: somebody else has the message now.
            StoreUnavailable: nothing is known to have happened.
        """

    async def has_opted_out(self, key: ConversationKey) -> bool:
        """Whether the user, under this or another identity, wants nothing to be sent.

        Raises:
            StoreUnavailable: not known, so nothing must be sent.
        """

    async def note_marketing(self, preference: MarketingPreference) -> None:
        """Add to the log what the user told the provider about marketing; noting it again changes nothing.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

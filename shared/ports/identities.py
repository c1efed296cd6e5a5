"""Who is who: one user may be known to a provider by several identities."""

from __future__ import annotations

from typing import Protocol

from shared.domain.message import InboundMessage


class IdentityStore(Protocol):
    """Remembers which identities belong to one user, so that a conversation outlives a change of them."""

    async def resolve(self, message: InboundMessage) -> InboundMessage:
        """The message under the identity by which its user was first known.

        `address` is then the identity that the message itself came from, if that is another one. What the message
        states about its user's identities is remembered.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

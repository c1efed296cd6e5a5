"""IdentityStore in memory."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.message import InboundMessage


class FakeIdentityStore:
    """Implements `IdentityStore`; who is known as whom lies in `users`, by channel and identity, first seen first."""

    def __init__(self) -> None:
        self.users: dict[tuple[str, str], str] = {}

    def same_as(self, identity: str) -> set[str]:
        """Every identity of the user who has this one, on whatever channel."""
        owners = {(key[0], user) for key, user in self.users.items() if key[1] == identity}
        return (
            {identity}
            | {user for _, user in owners}
            | {key[1] for key, user in self.users.items() if (key[0], user) in owners}
        )

    async def resolve(self, message: InboundMessage) -> InboundMessage:
        stated = {(message.channel, name) for name in (message.user_id, *message.aliases)}
        known = [user for key, user in self.users.items() if key in stated]
        first = known[0] if known else message.user_id
        for key, user in self.users.items():
            if key[0] == message.channel and user in known:
                self.users[key] = first
        for key in stated:
            self.users.setdefault(key, first)
        if first == message.user_id:
            return message
        return replace(message, user_id=first, address=message.address or message.user_id)

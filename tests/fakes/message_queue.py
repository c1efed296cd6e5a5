"""The queue in memory."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.message import InboundItem
from shared.errors import QueueUnavailable


class InMemoryMessageQueue:
    """Keeps what was put, in order; `is_down` makes it refuse."""

    def __init__(self) -> None:
        self.items: list[InboundItem] = []
        self.is_down = False

    async def put(self, items: Sequence[InboundItem]) -> None:
        if self.is_down:
            raise QueueUnavailable("The queue did not take the message.")
        self.items.extend(items)

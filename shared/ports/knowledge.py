"""What the agents know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.agent import Passage


class KnowledgeStore(Protocol):
    """The passages of all enabled agents."""

    async def search(
        self, question: str, embedding: Sequence[float] | None, *, limit: int, agent_id: str | None = None
    ) -> tuple[Passage, ...]:
        """The passages that fit the question by meaning or by words, best first, as `domain.retrieval` scores them.

        Without an embedding they are found by their words alone. Of one agent alone if it is named, then even of a
        disabled one.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

"""Which agent a message would reach, without sending it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared import errors
from shared.domain.agent import ActiveAgent, RoutingDecision
from shared.domain.message import InboundMessage, MessageKind
from shared.domain.routing import choose_agent
from shared.observability import logger
from shared.ports.catalogue import CatalogueStore
from shared.ports.knowledge import KnowledgeStore
from shared.ports.language_model import Embedder

PASSAGES = 4


class TryRouting:
    """Asks the same rules, in the same order, that real messages meet."""

    def __init__(
        self,
        catalogue: CatalogueStore,
        knowledge: KnowledgeStore,
        embedder: Embedder | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._knowledge = knowledge
        self._embedder = embedder
        self._clock = clock

    async def __call__(
        self, text: str, *, channel: str, payload: str | None, active_agent_id: str | None
    ) -> RoutingDecision:
        """The agent and why; `payload` is that of a pressed button, `active_agent_id` the agent who served before.

        Raises:
            NotFound: there is no enabled agent at all.
            StoreUnavailable: the agents could not be read.
        """
        now = self._clock()
        message = InboundMessage(
            channel=channel,
            user_id="trial",
            provider_message_id="trial",
            kind=MessageKind.TEXT if payload is None else MessageKind.BUTTON,
            text=text,
            business_id="",
            sent_at=now,
            received_at=now,
            attributes={} if payload is None else {"payload": payload},
        )
        active = None if active_agent_id is None else ActiveAgent(agent_id=active_agent_id, agent_version=0, since=now)
        catalogue = await self._catalogue.current()
        vector = await self._meaning(text)
        passages = () if vector is None else await self._knowledge.search(text, vector, limit=PASSAGES)
        decision = choose_agent(message, catalogue.agents, catalogue.rules, active, passages)
        if decision is None:
            raise errors.NotFound("There is no enabled agent.")
        return decision

    async def _meaning(self, text: str) -> tuple[float, ...] | None:
        if self._embedder is None or not text.strip():
            return None
        try:
            (vector,) = await self._embedder.embed([text])
        except errors.ModelUnavailable:
            logger.warning("embedder_unavailable")
            return None
        return vector

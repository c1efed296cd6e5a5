"""Who answers a message, and what is known about it: asked before every reply."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from shared.domain.agent import ActiveAgent, Passage, RoutingDecision
from shared.domain.catalogue import Catalogue
from shared.domain.conversation import Conversation, Speaker
from shared.domain.message import InboundMessage
from shared.domain.routing import choose_agent
from shared.errors import ModelUnavailable, StoreUnavailable
from shared.observability import logger
from shared.ports.catalogue import CatalogueStore
from shared.ports.knowledge import KnowledgeStore
from shared.ports.language_model import Embedder
from shared.ports.stores import ActiveAgentStore

PASSAGES = 4
_GOES_ON = re.compile(r"\s*(?:and|or|but|what about|how about|then|also|aur)\b", re.IGNORECASE)
_LONGEST_FOLLOW_UP_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a message goes.

    Attributes:
        decision: None when there is no agent at all.
        active: who served until now.
        passages: knowledge that may answer it, best first.
    """

    catalogue: Catalogue
    decision: RoutingDecision | None
    active: ActiveAgent | None = None
    passages: tuple[Passage, ...] = ()


class ChooseRoute:
    """Looks at the rules, at who serves, at what the message means."""

    def __init__(
        self,
        catalogue: CatalogueStore,
        knowledge: KnowledgeStore,
        active_agents: ActiveAgentStore,
        embedder: Embedder | None,
    ) -> None:
        self._catalogue = catalogue
        self._knowledge = knowledge
        self._active_agents = active_agents
        self._embedder = embedder

    async def __call__(self, conversation: Conversation, message: InboundMessage) -> Route:
        """The route of a message.

        Raises:
            StoreUnavailable: the agents cannot be read.
        """
        catalogue, active, passages = await asyncio.gather(
            self._catalogue.current(),
            self._active(conversation),
            self._search(_in_context(message.text, conversation)),
        )
        decision = choose_agent(message, catalogue.agents, catalogue.rules, active, passages)
        return Route(catalogue=catalogue, decision=decision, active=active, passages=passages)

    async def without_words(self, conversation: Conversation, message: InboundMessage) -> Route:
        """The route of somebody who has not said anything yet."""
        catalogue, active = await asyncio.gather(self._catalogue.current(), self._active(conversation))
        decision = choose_agent(message, catalogue.agents, catalogue.rules, active, ())
        return Route(catalogue=catalogue, decision=decision, active=active)

    async def _search(self, question: str) -> tuple[Passage, ...]:
        if self._embedder is None or not question.strip():
            return ()
        try:
            (vector,) = await self._embedder.embed([question])
        except ModelUnavailable:
            logger.warning("embedder_unavailable")
            return ()
        return await self._knowledge.search(question, vector, limit=PASSAGES)

    async def _active(self, conversation: Conversation) -> ActiveAgent | None:
        try:
            return await self._active_agents.load(conversation.key)
        except StoreUnavailable:
            logger.warning("active_agent_unavailable")
            return None


def _in_context(question: str, conversation: Conversation) -> str:
    """What to search for: "and on Sunday?" means nothing without the question before it."""
    if not _GOES_ON.match(question) or len(question.split()) > _LONGEST_FOLLOW_UP_WORDS:
        return question
    before = next((turn.text for turn in reversed(conversation.turns) if turn.speaker is Speaker.USER), "")
    return f"{before} {question}".strip()

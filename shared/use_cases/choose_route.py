"""Who answers a message, and what is known about it: asked before every reply."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.agent import ActiveAgent, Passage, RouteReason, RoutingDecision
from shared.domain.catalogue import Catalogue
from shared.domain.conversation import Conversation, Speaker
from shared.domain.message import InboundMessage
from shared.domain.routing.steps import MEANING_THRESHOLD, Circumstances, choose_agent, was_edited_since
from shared.domain.serving import SERVED_FOR, recalled_agent
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
    """Looks at the rules, at who serves, at what the message means.

    Args:
        threshold: similarity from which the meaning of a message decides.
        serves_for: how long after its last words an agent still serves, where only the conversation remembers it.
    """

    def __init__(
        self,
        catalogue: CatalogueStore,
        knowledge: KnowledgeStore,
        active_agents: ActiveAgentStore,
        embedder: Embedder | None,
        *,
        threshold: float = MEANING_THRESHOLD,
        serves_for: timedelta = SERVED_FOR,
    ) -> None:
        self._catalogue = catalogue
        self._knowledge = knowledge
        self._active_agents = active_agents
        self._embedder = embedder
        self._threshold = threshold
        self._serves_for = serves_for

    async def __call__(self, conversation: Conversation, message: InboundMessage) -> Route:
        """The route of a message.

        Raises:
            StoreUnavailable: the agents cannot be read.
        """
        return _decided(await self.circumstances(conversation, message))

    async def without_words(self, conversation: Conversation, message: InboundMessage) -> Route:
        """The route of somebody who has not said anything yet."""
        catalogue, active = await asyncio.gather(self._catalogue.current(), self._active(conversation))
        return _decided(self._known(conversation, message, catalogue, active))

    async def circumstances(self, conversation: Conversation, message: InboundMessage) -> Circumstances:
        """All that counts for the route of a message.

        Raises:
            StoreUnavailable: the agents cannot be read.
        """
        catalogue, active, passages = await asyncio.gather(
            self._catalogue.current(),
            self._active(conversation),
            self._search(_in_context(message.text, conversation)),
        )
        return replace(self._known(conversation, message, catalogue, active), passages=passages)

    async def for_nobody(self, message: InboundMessage) -> Circumstances:
        """The same for a message of nobody whom we know; no conversation is looked up."""
        catalogue, passages = await asyncio.gather(self._catalogue.current(), self._search(message.text))
        return Circumstances(message=message, catalogue=catalogue, passages=passages, threshold=self._threshold)

    def _known(
        self, conversation: Conversation, message: InboundMessage, catalogue: Catalogue, active: ActiveAgent | None
    ) -> Circumstances:
        remembered = None
        if active is None:
            remembered = recalled_agent(conversation, message.received_at, serves_for=self._serves_for)
        return Circumstances(
            message=message,
            catalogue=catalogue,
            active=active or remembered,
            is_from_history=remembered is not None,
            threshold=self._threshold,
        )

    async def _search(self, question: str) -> tuple[Passage, ...]:
        if not question.strip():
            return ()
        return await self._knowledge.search(question, await self._meaning(question), limit=PASSAGES)

    async def _meaning(self, question: str) -> tuple[float, ...] | None:
        """None where it cannot be measured; knowledge is then found by its words."""
        if self._embedder is None:
            return None
        try:
            (vector,) = await self._embedder.embed([question])
        except ModelUnavailable:
            logger.warning("embedder_unavailable")
            return None
        return vector

    async def _active(self, conversation: Conversation) -> ActiveAgent | None:
        try:
            return await self._active_agents.load(conversation.key)
        except StoreUnavailable:
            logger.warning("active_agent_unavailable")
            return None


def _decided(given: Circumstances) -> Route:
    decision = choose_agent(given)
    if decision is not None:
        is_by_rule = decision.reason in {RouteReason.RULE, RouteReason.DEFAULT}
        logger.info(
            "route_chosen",
            agent_id=decision.agent_id,
            route_reason=decision.reason.value,
            rule_id=decision.detail if is_by_rule else None,
            is_from_history=given.is_from_history and decision.reason is RouteReason.STICKY,
            is_edited_since=decision.reason is RouteReason.STICKY and was_edited_since(given.active, given.catalogue),
        )
    return Route(catalogue=given.catalogue, decision=decision, active=given.active, passages=given.passages)


def _in_context(question: str, conversation: Conversation) -> str:
    """What to search for: "and on Sunday?" means nothing without the question before it."""
    if not _GOES_ON.match(question) or len(question.split()) > _LONGEST_FOLLOW_UP_WORDS:
        return question
    before = next((turn.text for turn in reversed(conversation.turns) if turn.speaker is Speaker.USER), "")
    return f"{before} {question}".strip()

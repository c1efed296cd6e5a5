"""Quick successive messages of a user are gathered before they are answered, where the agent wants it so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.burst import Gathering, length_of_thought
from shared.domain.catalogue import Catalogue
from shared.domain.message import InboundItem, InboundMessage
from shared.domain.routing.steps import Circumstances, choose_agent
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.catalogue import CatalogueStore
from shared.ports.stores import ActiveAgentStore

KNOWN_FOR = timedelta(seconds=10)
"""For so long a change of an agent's waiting time may go unnoticed: every message asks for it, and each look into the
database is a trip that a message which nobody waits for would make twice. Who answers is always looked up anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    catalogue: Catalogue
    read_at: datetime


class GatherBurst:
    """Decides how many waiting messages are answered together, and whether to wait for more.

    While no agent waits, this costs one look into memory. Whatever cannot be looked up is answered at once and singly.
    """

    def __init__(
        self, catalogue: CatalogueStore, active_agents: ActiveAgentStore, clock: Callable[[], datetime]
    ) -> None:
        self._catalogue = catalogue
        self._active_agents = active_agents
        self._clock = clock
        self._desk: _Desk | None = None
        self._reading = asyncio.Lock()

    async def __call__(self, items: Sequence[InboundItem]) -> Gathering:
        """What to do first with a user's waiting items, in their order; there is at least one."""
        length = length_of_thought(items)
        first = items[0]
        if length == 0 or not isinstance(first, InboundMessage):
            return Gathering()
        try:
            patience_seconds = await self._patience_seconds(first)
        except StoreUnavailable:
            logger.warning("burst_not_gathered")
            return Gathering()
        if patience_seconds == 0:
            return Gathering()
        # What follows in the queue already has ended the thought.
        waits = length == len(items)
        waited_seconds = (self._clock() - first.received_at).total_seconds()
        left_seconds = min(math.ceil(patience_seconds - waited_seconds), patience_seconds)
        return Gathering(size=length, wait_seconds=max(0, left_seconds) if waits else 0)

    async def _patience_seconds(self, message: InboundMessage) -> int:
        """How long the agent who will probably answer waits; nobody is asked what a message means for this."""
        known = (await self._known_desk()).catalogue
        if not any(agent.coalesce_seconds for agent in known.agents):
            return 0
        active = await self._active_agents.load(message.key)
        decision = choose_agent(Circumstances(message=message, catalogue=known, active=active))
        waiting = {agent.id: agent.coalesce_seconds for agent in known.agents}
        return 0 if decision is None else waiting.get(decision.agent_id, 0)

    async def _known_desk(self) -> _Desk:
        async with self._reading:
            now = self._clock()
            if self._desk is None or now - self._desk.read_at > KNOWN_FOR:
                self._desk = _Desk(catalogue=await self._catalogue.current(), read_at=now)
            return self._desk

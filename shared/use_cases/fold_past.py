"""What no agent is shown any more goes into the running summary: after the reply, never before it, never instead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared import tracing
from shared.domain.conversation import Conversation, Speaker
from shared.domain.summary import bounded, count_to_fold, needs_folding
from shared.errors import PlatformError
from shared.observability import count, logger, timed
from shared.ports.catalogue import CatalogueStore
from shared.ports.stores import ContextStore
from shared.ports.summaries import PastTurn, Summariser, SummaryStore

LONGEST_SECONDS = 6.0
_MOST_TURNS = 200
_DEFAULT_LANGUAGE = "en-IN"


class FoldPast:
    """Keeps the summary up to date; whatever goes wrong, the next turn tries again."""

    def __init__(
        self, summaries: SummaryStore, summariser: Summariser, contexts: ContextStore, catalogue: CatalogueStore
    ) -> None:
        self._summaries = summaries
        self._summariser = summariser
        self._contexts = contexts
        self._catalogue = catalogue

    async def __call__(self, conversation: Conversation) -> None:
        """Put the oldest turns in short if the conversation has become too long; never fails."""
        if not needs_folding(conversation):
            return
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                with timed("summary"), tracing.part("summary"):
                    await self._fold(conversation)
        except (PlatformError, TimeoutError):
            count("summaries_failed")
            logger.warning("past_not_summarised", conversation_id=conversation.id, exc_info=True)

    async def _fold(self, conversation: Conversation) -> None:
        past = await self._summaries.unsummarised(conversation.id, limit=_MOST_TURNS)
        turns = () if past is None else tuple(one.turn for one in past.turns)
        folded = _whole_messages(past.turns, count_to_fold(turns)) if past is not None else 0
        if past is not None and folded:
            language = await self._language(conversation)
            summary = await self._summariser.summarise(past.summary, turns[:folded], language=language)
            until = past.turns[folded - 1].arrival
            is_kept = await self._summaries.keep(conversation.id, bounded(summary), read_until=past.until, until=until)
            logger.info("past_summarised", conversation_id=conversation.id, turns=folded, is_kept=is_kept)
        # What is cached still holds these turns, or an older summary: the next turn reads both anew.
        await self._contexts.forget(conversation.key)

    async def _language(self, conversation: Conversation) -> str:
        spoken = (turn.agent_id for turn in reversed(conversation.turns) if turn.speaker is Speaker.AGENT)
        agent_id = next((agent_id for agent_id in spoken if agent_id is not None), None)
        agent = None if agent_id is None else (await self._catalogue.current()).agent(agent_id)
        return _DEFAULT_LANGUAGE if agent is None else agent.language


def _whole_messages(turns: Sequence[PastTurn], folded: int) -> int:
    """A message may stand for several turns, and the summary ends between messages."""
    while 0 < folded < len(turns) and turns[folded - 1].arrival == turns[folded].arrival:
        folded -= 1
    return folded

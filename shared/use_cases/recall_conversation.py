"""The recent past of a conversation: from the cache if it is there, from the database if not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from shared.domain.conversation import ELSEWHERE_LASTS, Conversation, ConversationKey
from shared.errors import StoreUnavailable
from shared.observability import logger, measure, timed
from shared.ports.stores import Claim, ContextStore, HistoryStore

SLOW_MS = 50
"""A read of the cache that takes longer is logged; no user is to wait for it."""
_MOST_UNSAVED = 1000


class RecallConversation:
    """Reads through the context cache. Losing the cache costs time, never memory."""

    def __init__(
        self,
        context: ContextStore,
        history: HistoryStore,
        clock: Callable[[], datetime],
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`timer` gives seconds."""
        self._context = context
        self._history = history
        self._clock = clock
        self._timer = timer
        # Of these the cache may hold an older state. In order of their failure, so that the oldest can be forgotten.
        self._unsaved: dict[ConversationKey, None] = {}

    async def __call__(self, key: ConversationKey, conversation_id: str, claim: Claim | None = None) -> Conversation:
        """The conversation with its recent turns; empty when it has just begun.

        The claim tells what the cache may have missed: a turn that went on while the conversation changed hands, or
        one that could not be cached, may have left a state there that knows nothing of what was said meanwhile.
        """
        kept = await self._kept(key)
        if kept is not None and kept.id == conversation_id and self._is_current(kept, claim):
            return kept
        with timed("context_rebuild"):
            stored = await self._history.load_conversation(key)
        conversation = stored if stored is not None else Conversation(id=conversation_id, key=key)
        await self.keep(conversation)
        return conversation

    async def keep(self, conversation: Conversation) -> None:
        """Put the conversation into the cache; a cache that is down must not fail a reply."""
        try:
            await self._context.save(conversation)
        except StoreUnavailable:
            logger.warning("context_not_cached")
            self._unsaved[conversation.key] = None
            while len(self._unsaved) > _MOST_UNSAVED:
                del self._unsaved[next(iter(self._unsaved))]
        else:
            self._unsaved.pop(conversation.key, None)

    def _is_current(self, kept: Conversation, claim: Claim | None) -> bool:
        if kept.message_count is None or kept.key in self._unsaved:
            return False
        if kept.elsewhere is not None and kept.elsewhere.read_at < self._clock() - ELSEWHERE_LASTS:
            return False
        known = (kept.status, kept.message_count)
        return claim is None or known == (claim.conversation_status, claim.message_count)

    async def _kept(self, key: ConversationKey) -> Conversation | None:
        started = self._timer()
        try:
            return await self._context.load(key)
        except StoreUnavailable:
            logger.warning("context_cache_unavailable")
            return None
        finally:
            elapsed_ms = (self._timer() - started) * 1000
            measure("context_load", elapsed_ms)
            if elapsed_ms > SLOW_MS:
                logger.warning("context_slow", elapsed_ms=round(elapsed_ms))

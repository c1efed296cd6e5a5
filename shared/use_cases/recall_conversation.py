"""The recent past of a conversation: from the cache if it is there, from the database if not."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus
from shared.errors import StoreUnavailable
from shared.observability import logger, measure, timed
from shared.ports.stores import ContextStore, HistoryStore

SLOW_MS = 50
"""A read of the cache that takes longer is logged; no user is to wait for it."""


class RecallConversation:
    """Reads through the context cache. Losing the cache costs time, never memory."""

    def __init__(
        self, context: ContextStore, history: HistoryStore, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        """`timer` gives seconds."""
        self._context = context
        self._history = history
        self._timer = timer

    async def __call__(
        self, key: ConversationKey, conversation_id: str, status: ConversationStatus | None = None
    ) -> Conversation:
        """The conversation with its recent turns; empty when it has just begun.

        `status` is the one that it is known to have now: a turn that went on while the conversation changed hands may
        have put one into the cache that knows nothing of it, and of what was said meanwhile.
        """
        kept = await self._kept(key)
        if kept is not None and kept.id == conversation_id and status in (None, kept.status):
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

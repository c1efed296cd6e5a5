"""The recent past of a conversation: from the cache if it is there, from the database if not."""

from __future__ import annotations

from shared.domain.conversation import Conversation, ConversationKey
from shared.errors import StoreUnavailable
from shared.observability import logger, timed
from shared.ports.stores import ContextStore, HistoryStore


class RecallConversation:
    """Reads through the context cache. Losing the cache costs time, never memory."""

    def __init__(self, context: ContextStore, history: HistoryStore) -> None:
        self._context = context
        self._history = history

    async def __call__(self, key: ConversationKey, conversation_id: str) -> Conversation:
        """The conversation with its recent turns; empty when it has just begun."""
        kept = await self._kept(key)
        if kept is not None and kept.id == conversation_id:
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
        try:
            with timed("context_load"):
                return await self._context.load(key)
        except StoreUnavailable:
            logger.warning("context_cache_unavailable")
            return None

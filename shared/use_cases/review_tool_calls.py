"""What agents did in a conversation besides talking."""

from __future__ import annotations

from shared.domain.tools.tool_use import KeptToolUse
from shared.ports.history import HistoryReader, Page
from shared.ports.tool_audit import ToolUseReader


class ReviewToolCalls:
    """Shows the uses of tools to people of the business; changes nothing."""

    def __init__(self, history: HistoryReader, uses: ToolUseReader) -> None:
        self._history = history
        self._uses = uses

    async def __call__(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[KeptToolUse]:
        """A page of them, in the order in which they began.

        Raises:
            NotFound: no such conversation.
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer.
        """
        conversation = await self._history.conversation(conversation_id)
        return await self._uses.tool_uses(conversation.id, cursor=cursor, limit=limit)

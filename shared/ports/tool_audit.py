"""What is kept of the tools that agents used."""

from __future__ import annotations

from typing import Protocol

from shared.domain.tools.tool import ToolAnswer
from shared.domain.tools.tool_use import FinishedUse, KeptToolUse, ToolUse
from shared.ports.history import Page


class ToolAudit(Protocol):
    """Written before a tool runs and completed after it, so that no tool runs unseen and none twice for one turn."""

    async def begin(self, use: ToolUse) -> FinishedUse | None:
        """Write down that it begins; what came of it, if it was finished before.

        One that was begun and never finished begins again.

        Raises:
            StoreUnavailable: not known whether it may run.
        """

    async def finish(self, use_id: str, answer: ToolAnswer, *, elapsed_ms: int) -> None:
        """Complete it. A second time changes nothing.

        Raises:
            StoreUnavailable: it may look unfinished.
        """


class ToolUseReader(Protocol):
    """Shows what agents did."""

    async def tool_uses(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[KeptToolUse]:
        """A page of a conversation's uses, in the order in which they began; empty if there is no such conversation.

        Raises:
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer within the adapter's timeout.
        """

"""An agent's calls for tools: checked, bounded in time, done once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence

from shared.domain.tool import ToolAnswer, ToolCall, ToolOutcome, ToolResult, ToolSpec
from shared.errors import PlatformError
from shared.observability import count, logger
from shared.ports.tools import Tool, ToolContext

LONGEST_SECONDS = 8.0
_UNKNOWN = ToolAnswer(text="There is no such tool.", outcome=ToolOutcome.REFUSED)
_FAILED = ToolAnswer(text="The tool does not work at the moment.", outcome=ToolOutcome.FAILED)
_TIMED_OUT = ToolAnswer(
    text="The tool gave no answer in time; it is not known whether it was done.", outcome=ToolOutcome.TIMED_OUT
)


class RunTools:
    """Uses the tools that an agent is allowed to use."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools: Mapping[str, Tool] = {tool.spec.name: tool for tool in tools}

    def offered(self, context: ToolContext) -> tuple[ToolSpec, ...]:
        """What the agent may use here, in the order in which its profile names it."""
        return tuple(tool.spec for name in context.agent.tools if (tool := self._tool(name, context)) is not None)

    async def __call__(self, call: ToolCall, context: ToolContext, *, ordinal: int) -> ToolResult:
        """Do what the model asks for; `ordinal` counts its calls in this turn, so that a repeated turn repeats none."""
        tool = self._tool(call.name, context) if call.name in context.agent.tools else None
        answer = _UNKNOWN if tool is None else await self._run(tool, call, context, ordinal)
        logger.info("tool_used", tool=call.name if tool else "unknown", outcome=answer.outcome.value)
        count("tools_used", outcome=answer.outcome.value)
        return ToolResult(call=call, answer=answer)

    def _tool(self, name: str, context: ToolContext) -> Tool | None:
        tool = self._tools.get(name)
        return tool if tool is not None and tool.fits(context) else None

    async def _run(self, tool: Tool, call: ToolCall, context: ToolContext, ordinal: int) -> ToolAnswer:
        key = uuid.uuid5(uuid.NAMESPACE_OID, f"tool:{context.message.provider_message_id}:{ordinal}:{call.name}")
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await tool(call.arguments, context, idempotency_key=str(key))
        except TimeoutError:
            return _TIMED_OUT
        except PlatformError:
            logger.exception("tool_failed", tool=call.name)
            return _FAILED

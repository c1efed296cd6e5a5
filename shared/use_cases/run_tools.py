"""An agent's calls for tools: checked, bounded in time, written down, done once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared import tracing
from shared.domain.json_value import JSON
from shared.domain.tools.http_tool import HttpTool
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolOutcome, ToolResult, ToolSpec
from shared.domain.tools.tool_use import FinishedUse, ToolUse, masked
from shared.errors import PlatformError, StoreUnavailable
from shared.observability import count, logger, measure
from shared.ports.json_schema import SchemaCheck
from shared.ports.tool_audit import ToolAudit
from shared.ports.tools import HttpToolCaller, Tool, ToolContext

LONGEST_ANSWER = 4_000
_CUT = "\n[The rest of the answer was too long and is left out.]"
_UNKNOWN = ToolAnswer(text="There is no such tool.", outcome=ToolOutcome.REFUSED)
_UNREADABLE = ToolAnswer(text="The arguments are not a JSON object.", outcome=ToolOutcome.REFUSED)
_FAILED = ToolAnswer(text="The tool does not work at the moment; nothing was done.", outcome=ToolOutcome.FAILED)
_NO_TIME = ToolAnswer(text="There was no time left to use the tool; nothing was done.", outcome=ToolOutcome.FAILED)
_UNCERTAIN = ToolAnswer(
    text="The tool failed; it is not known whether it was done. Do not say that it was.", outcome=ToolOutcome.FAILED
)
_TIMED_OUT = ToolAnswer(
    text="The tool gave no answer in time; it is not known whether it was done.", outcome=ToolOutcome.TIMED_OUT
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long tools may take, in seconds: one call, and all calls of a turn together."""

    call_seconds: float
    turn_seconds: float


# A caller who hears nothing for four seconds asks whether anybody is there; a reader waits for the next message.
SPOKEN = Patience(call_seconds=4.0, turn_seconds=8.0)
WRITTEN = Patience(call_seconds=10.0, turn_seconds=25.0)
_MARGIN_SECONDS = 0.2
_UNDONE = frozenset({ToolOutcome.FAILED, ToolOutcome.TIMED_OUT})


class RunTools:
    """Uses the tools that an agent is allowed to use: those of the platform, and those that operators have defined."""

    def __init__(
        self, tools: Sequence[Tool], *, call_http: HttpToolCaller, audit: ToolAudit, schemas: SchemaCheck
    ) -> None:
        self._tools: Mapping[str, Tool] = {tool.spec.name: tool for tool in tools}
        self._call_http = call_http
        self._audit = audit
        self._schemas = schemas

    def offered(self, context: ToolContext) -> tuple[ToolSpec, ...]:
        """What the agent may use here, in the order in which its profile names it."""
        return tuple(tool.spec for name in context.agent.tools if (tool := self._tool(name, context)) is not None)

    async def __call__(
        self, call: ToolCall, context: ToolContext, *, ordinal: int, spent_seconds: float = 0
    ) -> ToolResult:
        """Do what the model asks for; `ordinal` counts the calls of this tool in this turn.

        A repeated turn repeats none of them, in whatever order the model asks for its tools then. `spent_seconds` is
        what the tools of this turn have taken already.
        """
        started = time.perf_counter()
        tool = self._tool(call.name, context) if call.name in context.agent.tools else None
        name = call.name if tool else "unknown"
        with tracing.part("tool", tool=name, agent_id=context.agent.id) as span:
            answer = _UNKNOWN if tool is None else await self._once(tool, call, context, ordinal, spent_seconds)
            span.set(outcome=answer.outcome.value)
            if answer.outcome in _UNDONE:
                span.fail(answer.outcome.value)
        logger.info("tool_used", tool=name, outcome=answer.outcome.value, agent_id=context.agent.id)
        count("tools_used", outcome=answer.outcome.value)
        measure("tool", (time.perf_counter() - started) * 1000)
        return ToolResult(call=call, answer=answer)

    def _tool(self, name: str, context: ToolContext) -> Tool | None:
        built_in = self._tools.get(name)
        if built_in is not None:
            return built_in if built_in.fits(context) else None
        defined = next((tool for tool in context.http_tools if tool.id == name), None)
        if defined is None:
            return None
        # Its own limit comes first, so that whoever calls it learns that its server is slow.
        longest_ms = round((_patience(context).call_seconds - _MARGIN_SECONDS) * 1000)
        return _OverHttp(replace(defined, timeout_ms=min(defined.timeout_ms, longest_ms)), self._call_http)

    async def _once(
        self, tool: Tool, call: ToolCall, context: ToolContext, ordinal: int, spent_seconds: float
    ) -> ToolAnswer:
        message = context.message
        name = f"tool:{context.conversation.id}:{message.channel}:{message.provider_message_id}:{ordinal}:{call.name}"
        use = ToolUse(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            conversation_id=context.conversation.id,
            message_id=message.provider_message_id,
            agent_id=context.agent.id,
            tool=call.name,
            arguments=masked(call.arguments),
        )
        try:
            finished = await self._audit.begin(use)
        except StoreUnavailable:
            # What nobody could see afterwards is not done.
            logger.warning("tool_audit_unavailable", tool=use.tool)
            return _FAILED
        if finished is not None:
            return _told_again(finished, use)
        started = time.perf_counter()
        answer = _bounded(await self._run(tool, call, context, use.id, spent_seconds))
        try:
            await self._audit.finish(use.id, answer, elapsed_ms=round((time.perf_counter() - started) * 1000))
        except StoreUnavailable:
            logger.warning("tool_audit_unfinished", tool=use.tool)
        return answer

    async def _run(
        self, tool: Tool, call: ToolCall, context: ToolContext, key: str, spent_seconds: float
    ) -> ToolAnswer:
        if not call.is_readable:
            return _UNREADABLE
        problem = self._schemas.problem(tool.spec.parameters, call.arguments)
        if problem is not None:
            return ToolAnswer(text=f"The arguments do not fit. {problem}", outcome=ToolOutcome.REFUSED)
        patience = _patience(context)
        seconds = min(patience.call_seconds, patience.turn_seconds - spent_seconds)
        if seconds <= 0:
            return _NO_TIME
        try:
            async with asyncio.timeout(seconds):
                return await tool(call.arguments, context, idempotency_key=key)
        except TimeoutError:
            return _TIMED_OUT
        except PlatformError:
            logger.exception("tool_failed", tool=call.name)
            return _UNCERTAIN


class _OverHttp:
    """A tool that operators have defined, in the place of one of the platform."""

    def __init__(self, tool: HttpTool, call_http: HttpToolCaller) -> None:
        self._tool = tool
        self._call_http = call_http

    @property
    def spec(self) -> ToolSpec:
        return self._tool.spec

    def fits(self, context: ToolContext) -> bool:  # noqa: ARG002 - an operator decides where it fits
        return True

    async def __call__(
        self, arguments: Mapping[str, JSON], context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        return await self._call_http(
            self._tool,
            arguments,
            idempotency_key=idempotency_key,
            conversation_id=context.conversation.id,
            agent_id=context.agent.id,
        )


def _patience(context: ToolContext) -> Patience:
    return SPOKEN if context.is_spoken else WRITTEN


def _told_again(finished: FinishedUse, use: ToolUse) -> ToolAnswer:
    """The answer that the turn got before it was cut off; the model may ask for something else this time."""
    if finished.arguments == use.arguments:
        return finished.answer
    note = "This tool was used already for this message, with other arguments. What it answered then:\n"
    return replace(finished.answer, text=f"{note}{finished.answer.text}")


def _bounded(answer: ToolAnswer) -> ToolAnswer:
    if len(answer.text) <= LONGEST_ANSWER:
        return answer
    return replace(answer, text=f"{answer.text[: LONGEST_ANSWER - len(_CUT)]}{_CUT}")

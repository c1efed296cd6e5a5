"""One agent's part of a reply: its words, the tools it calls for, its words about what they answered."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from shared.domain.agent import Passage
from shared.domain.prompt import HandOver, Prompt, TextPiece, TokenUsage
from shared.domain.tool import ToolCall, ToolResult, ToolStep
from shared.ports.language_model import LanguageModel
from shared.ports.tools import ToolContext
from shared.use_cases.run_tools import RunTools

TOOL_STEPS = 4
TOOL_CALLS_PER_STEP = 4


@dataclass(slots=True, kw_only=True)
class TurnRecord:
    """What happened while the agents answered, for whoever keeps the turn.

    Attributes:
        passages: all knowledge that was shown to the agents.
        ends_call: whether an agent ended the call.
    """

    usage: TokenUsage | None = None
    passages: tuple[Passage, ...] = ()
    tool_calls: int = 0
    ends_call: bool = False
    stages_ms: dict[str, int] = field(default_factory=dict)


class AgentTurn:
    """Asks the model, uses the tools that it calls for, and asks again with what they answered."""

    def __init__(self, model: LanguageModel, tools: RunTools) -> None:
        self._model = model
        self._tools = tools

    async def __call__(
        self, prompt: Prompt, context: ToolContext, record: TurnRecord
    ) -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
        """Yield the agent's words; a HandOver is the last piece. A call is yielded before its tool is used.

        Raises:
            ModelUnavailable: the model failed; what it had said stands.
        """
        asked = replace(prompt, tools=self._tools.offered(context))
        while True:
            said: list[str] = []
            calls: list[ToolCall] = []
            async with aclosing(self._ask(asked, record)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        calls.append(piece)
                        continue
                    yield piece
                    if isinstance(piece, HandOver):
                        return
                    said.append(piece.text)
            if not calls or not asked.tools:
                return
            for call in calls:
                yield call
            results = [await self._use(call, context, record) for call in calls[:TOOL_CALLS_PER_STEP]]
            step = ToolStep(said="".join(said), results=tuple(results))
            is_last = len(asked.steps) + 1 >= TOOL_STEPS or record.ends_call
            if record.ends_call and step.said.strip():
                return
            # Without tools it has nothing left to do but to answer.
            asked = replace(asked, steps=(*asked.steps, step), tools=() if is_last else asked.tools)

    async def _use(self, call: ToolCall, context: ToolContext, record: TurnRecord) -> ToolResult:
        started = time.perf_counter()
        record.tool_calls += 1
        spent_seconds = record.stages_ms.get("tools", 0) / 1000
        result = await self._tools(call, context, ordinal=record.tool_calls, spent_seconds=spent_seconds)
        record.passages += result.answer.passages
        record.ends_call = record.ends_call or result.answer.ends_call
        record.stages_ms["tools"] = record.stages_ms.get("tools", 0) + _elapsed_ms(started)
        return result

    async def _ask(self, prompt: Prompt, record: TurnRecord) -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
        started = time.perf_counter()
        async with aclosing(self._model.stream(prompt)) as pieces:
            async for piece in pieces:
                record.stages_ms.setdefault("model_first_piece", _elapsed_ms(started))
                if isinstance(piece, TokenUsage):
                    record.usage = piece if record.usage is None else _add(record.usage, piece)
                else:
                    yield piece


def _add(first: TokenUsage, second: TokenUsage) -> TokenUsage:
    costs = [usage.cost_microusd for usage in (first, second) if usage.cost_microusd is not None]
    return TokenUsage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        model=second.model or first.model,
        cost_microusd=sum(costs) if costs else None,
    )


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)

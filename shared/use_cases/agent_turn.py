"""One agent's part of a reply: its words, the tools it calls for, its words about what they answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from shared import tracing
from shared.domain.agent import Passage
from shared.domain.prompt import HandOver, Prompt, TextPiece, TokenUsage
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolOutcome, ToolResult, ToolStep
from shared.errors import ModelUnavailable
from shared.ports.language_model import LanguageModel
from shared.ports.tools import ToolContext
from shared.use_cases.run_tools import RunTools

TOOL_STEPS = 4
TOOL_CALLS_PER_STEP = 4
_USAGE_SECONDS = 0.5
_UNREADABLE = ToolAnswer(
    text="The arguments were not a JSON object, perhaps cut off; nothing was done. Call again with shorter ones.",
    outcome=ToolOutcome.REFUSED,
)


@dataclass(slots=True, kw_only=True)
class TurnRecord:
    """What happened while the agents answered, for whoever keeps the turn.

    Attributes:
        passages: all knowledge that was shown to the agents.
        uses: how often each tool was called for, by its name.
        ends_call: whether an agent ended the call.
        hand_overs: how often the agents handed over.
        is_apology: whether none of them had an answer.
        model_seconds: how long the turn waited for the models, in all.
    """

    usage: TokenUsage | None = None
    passages: tuple[Passage, ...] = ()
    uses: Counter[str] = field(default_factory=Counter)
    ends_call: bool = False
    hand_overs: int = 0
    is_apology: bool = False
    model_seconds: float = 0.0
    stages_ms: dict[str, int] = field(default_factory=dict)

    def wait_for_model(self, seconds: float) -> None:
        """The turn waited for another piece of the model's."""
        self.model_seconds += seconds
        self.stages_ms["model"] = round(self.model_seconds * 1000)

    @property
    def tool_calls(self) -> int:
        """How often tools were called for."""
        return self.uses.total()


class AgentTurn:
    """Asks the model, uses the tools that it calls for, and asks again with what they answered."""

    def __init__(self, model: LanguageModel, tools: RunTools) -> None:
        self._model = model
        self._tools = tools

    async def __call__(
        self, prompt: Prompt, behalf: Callable[[], ToolContext], record: TurnRecord
    ) -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
        """Yield the agent's words; a HandOver is the last piece. A call is yielded before its tool is used.

        `behalf` is asked anew for each use: an answer may be begun before its message is known.

        Raises:
            ModelUnavailable: the model failed; what it had said stands.
        """
        asked = replace(prompt, tools=self._tools.offered(behalf()))
        while True:
            said: list[str] = []
            calls: list[ToolCall] = []
            async with aclosing(self._ask(asked, record)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        calls.append(piece)
                        continue
                    if isinstance(piece, HandOver):
                        await _exhaust(pieces)
                        yield piece
                        return
                    yield piece
                    said.append(piece.text)
            if not calls or not asked.tools:
                return
            for call in calls:
                yield call
            results = [await self._use(call, behalf(), record) for call in calls[:TOOL_CALLS_PER_STEP]]
            step = ToolStep(said="".join(said), results=tuple(results))
            is_last = len(asked.steps) + 1 >= TOOL_STEPS or record.ends_call
            if record.ends_call and step.said.strip():
                return
            # Without tools it has nothing left to do but to answer.
            asked = replace(asked, steps=(*asked.steps, step), tools=() if is_last else asked.tools)

    async def _use(self, call: ToolCall, context: ToolContext, record: TurnRecord) -> ToolResult:
        started = time.perf_counter()
        record.uses[call.name] += 1
        if not call.is_readable:
            # Told to the model rather than to the user: it mostly writes them well the second time.
            return ToolResult(call=call, answer=_UNREADABLE)
        spent_seconds = record.stages_ms.get("tools", 0) / 1000
        result = await self._tools(call, context, ordinal=record.uses[call.name], spent_seconds=spent_seconds)
        record.passages += result.answer.passages
        record.ends_call = record.ends_call or result.answer.ends_call
        record.stages_ms["tools"] = record.stages_ms.get("tools", 0) + _elapsed_ms(started)
        return result

    async def _ask(self, prompt: Prompt, record: TurnRecord) -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
        started = waiting_since = time.perf_counter()
        # Not the current one: what its reader does between two pieces is no part of it.
        span = tracing.begin("model", kind="client", agent_id=prompt.agent.id, step=len(prompt.steps) + 1)
        try:
            async with aclosing(self._model.stream(prompt)) as pieces:
                async for piece in pieces:
                    record.wait_for_model(time.perf_counter() - waiting_since)
                    record.stages_ms.setdefault("model_first_piece", _elapsed_ms(started))
                    span.set(waited_ms=record.stages_ms["model"])
                    if isinstance(piece, TokenUsage):
                        record.usage = piece if record.usage is None else _add(record.usage, piece)
                        span.set(model=piece.model, input_tokens=piece.input_tokens, output_tokens=piece.output_tokens)
                    else:
                        yield piece
                    # What the reader did with it meanwhile is not the model's.
                    waiting_since = time.perf_counter()
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            span.end()


def _add(first: TokenUsage, second: TokenUsage) -> TokenUsage:
    costs = (first.cost_microusd, second.cost_microusd)
    return TokenUsage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        model=second.model or first.model,
        # A part of the cost would pass for the whole.
        cost_microusd=None if None in costs else sum(cost or 0 for cost in costs),
        cached_input_tokens=first.cached_input_tokens + second.cached_input_tokens,
    )


async def _exhaust(pieces: AsyncIterator[object]) -> None:
    """Read the token usage behind a hand-over; for a number nobody is kept waiting."""
    with suppress(ModelUnavailable, TimeoutError):
        async with asyncio.timeout(_USAGE_SECONDS):
            async for _ in pieces:
                pass


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)

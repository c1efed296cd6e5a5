"""A language model that outlives its engines: who does not begin is replaced, who has begun is never repeated."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from shared.adapters.circuit import Circuit
from shared.adapters.models.enclosures import fitted
from shared.adapters.warm_up import warm_up_all
from shared.domain.model_prices import LIST_PRICES, TokenPrice, cost_microusd
from shared.domain.prompt import ModelPiece, Prompt, TokenUsage
from shared.errors import ModelUnavailable
from shared.observability import count, logger
from shared.ports.language_model import LanguageModel

NAMED_ENGINES = 16
"""So many engines that only agents name are kept; the one that was asked longest ago goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long all engines together may take to begin.

    Attributes:
        spoken_seconds: while a caller listens to silence.
        written_seconds: while somebody looks at a chat.
        share: of the time that is left which an engine may use up when another one waits behind it.
    """

    spoken_seconds: float = 4.0
    written_seconds: float = 12.0
    share: float = 0.6


@dataclass(slots=True, kw_only=True)
class _Engine:
    name: str
    model: LanguageModel
    circuit: Circuit = field(default_factory=Circuit)


@runtime_checkable
class _Warmable(Protocol):
    """A model whose first answer is slow unless it is prepared."""

    async def warm_up(self) -> None:
        """Load what the first answer would wait for."""


class _NotBegun(ModelUnavailable):
    """The engine failed before its first piece; nobody heard anything of its answer."""


class FallbackLanguageModel:
    """Implements LanguageModel over several, the preferred one first.

    The engines repeat a request that failed in passing by themselves; here the next engine is asked when one does not
    begin. A dead engine is skipped for a while. Once there was a piece, a failure ends the answer: another engine would
    say the same again in other words.

    An agent that names engines of its own is answered by those alone, in its order, and by the platform's only where
    none of them exists here.

    Args:
        engines: the platform's, by the name they have in logs and metrics.
        build: makes an engine that an agent names; None for one that does not exist here.
        prices: of tokens, by model.
    """

    def __init__(
        self,
        engines: Mapping[str, LanguageModel],
        *,
        build: Callable[[str], LanguageModel | None] = lambda _: None,
        prices: Mapping[str, TokenPrice] = LIST_PRICES,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = tuple(_Engine(name=name, model=model) for name, model in engines.items())
        self._named: OrderedDict[str, _Engine] = OrderedDict()
        self._build = build
        self._prices = prices
        self._patience = patience or Patience()
        self._clock = clock

    @property
    def reads(self) -> Mapping[str, int]:
        """What at least one of the platform's engines reads."""
        every: dict[str, int] = {}
        for engine in self._engines:
            for mime_type, limit_bytes in engine.model.reads.items():
                every[mime_type] = max(limit_bytes, every.get(mime_type, 0))
        return every

    async def warm_up(self) -> None:
        """Prepare the engines that can be prepared; one that fails is logged, and tried again when it is asked."""
        warmable = {
            engine.name: engine.model.warm_up for engine in self._engines if isinstance(engine.model, _Warmable)
        }
        await warm_up_all(warmable, kind="model")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """See LanguageModel.stream.

        Raises:
            ModelUnavailable: no engine began in time, or the one that had begun broke off.
        """
        patience = self._patience
        begin_by = self._clock() + (patience.spoken_seconds if prompt.spoken else patience.written_seconds)
        chain = self._chain(prompt.agent.models)
        for engine in chain:
            seconds = begin_by - self._clock()
            asked = fitted(prompt, engine.model.reads)
            if not asked.question.strip() and prompt.enclosed.files and not asked.enclosed.files:
                continue  # It can see nothing of what it would be asked about.
            if seconds <= 0 or not engine.circuit.admit(self._clock()):
                continue
            if engine is not chain[-1]:
                seconds *= patience.share
            try:
                async with aclosing(self._ask(engine, asked, seconds)) as pieces:
                    async for piece in pieces:
                        yield piece
            except _NotBegun:
                continue
            return
        message = "No language model began to answer in time."
        raise ModelUnavailable(message)

    def _chain(self, names: Sequence[str]) -> tuple[_Engine, ...]:
        """The engines that an agent names, the preferred one first; the platform's if it names none that exists."""
        named = tuple(engine for name in names if (engine := self._engine(name)) is not None)
        return named or self._engines

    def _engine(self, name: str) -> _Engine | None:
        """The engine of this name, whose circuit all agents that name it share."""
        known = next((engine for engine in self._engines if engine.name == name), None) or self._named.get(name)
        if known is None:
            model = self._build(name)
            if model is None:
                count("model_not_known")
                logger.warning("model_not_known", engine=name)
                return None
            known = self._named[name] = _Engine(name=name, model=model)
            if len(self._named) > NAMED_ENGINES:
                self._named.popitem(last=False)
        elif name in self._named:
            self._named.move_to_end(name)
        return known

    def _priced(self, usage: TokenUsage, engine: _Engine) -> TokenUsage:
        """The usage with its cost; an engine that names no model is one itself."""
        usage = replace(usage, model=usage.model or engine.name.removesuffix("_fallback"))
        return replace(usage, cost_microusd=cost_microusd(usage, self._prices))

    async def _ask(self, engine: _Engine, prompt: Prompt, seconds: float) -> AsyncGenerator[ModelPiece, None]:
        has_begun = False
        try:
            async with aclosing(engine.model.stream(prompt)) as pieces:
                async with asyncio.timeout(seconds):
                    piece = await anext(pieces, None)
                while piece is not None:
                    has_begun = True
                    yield self._priced(piece, engine) if isinstance(piece, TokenUsage) else piece
                    piece = await anext(pieces, None)
        except (ModelUnavailable, TimeoutError) as error:
            if not prompt.enclosed.files:
                # A file that no engine takes says nothing about the engine: one user must not shut it off for all.
                engine.circuit.failed(self._clock())
            reason = type(error.__cause__ or error).__name__
            count("model_failed", engine=engine.name, outcome="broke_off" if has_begun else "not_begun")
            logger.warning("model_failed", engine=engine.name, has_begun=has_begun, reason=reason)
            if has_begun:
                raise
            message = "The language model did not begin to answer."
            raise _NotBegun(message) from error
        engine.circuit.succeeded()

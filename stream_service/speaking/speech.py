"""One reply on its way to the caller's ear: its audio, its times, its spans, and whether it may be heard yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextvars import Context, copy_context
from dataclasses import dataclass, field

from shared import tracing
from shared.domain.message import ReplyChunk
from stream_service.speaking.playback import PlaybackLedger


@dataclass(slots=True)
class Speech:
    """A reply being spoken. Times are of the process's monotonic clock, in seconds.

    Its way is told by spans that follow each other: `think` until its first words are known, `speak` until they sound,
    `playback` until they were heard. One at a time is open, and none once it came to its `end`.

    Attributes:
        awaited_since: when it was known that the caller had finished; None for what answers nobody.
        may_begin: unset while the reply is only prepared for a turn that may not be over.
        turn: keeps a filler from breaking into a sentence.
        started_at_ms: where on the call's clock its first sound was sent.
        quiet_since: when the caller last heard something of it, or it began.
    """

    source: AsyncGenerator[ReplyChunk, None]
    awaited_since: float | None = None
    ledger: PlaybackLedger = field(default_factory=PlaybackLedger)
    may_begin: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None
    started_at_ms: int | None = None
    is_all_sent: bool = False
    began_at: float = 0.0
    worded_at: float | None = None
    sounded_at: float | None = None
    quiet_since: float = 0.0
    _context: Context | None = None
    _span: tracing.Span | None = None

    def begin(self, *, awaited_since: float | None) -> None:
        """From now on it may be heard; its spans belong to what is traced at this moment."""
        self.awaited_since = awaited_since
        self.began_at = self.quiet_since = time.perf_counter()
        self._context = copy_context()
        self._enter("think" if self.worded_at is None else "speak")
        self.may_begin.set()

    def word(self) -> None:
        """Its first sentence is known."""
        if self.worded_at is not None:
            return
        self.worded_at = time.perf_counter()
        self._enter("speak")

    def tell(self, event: str) -> None:
        """Note what happened to it on its way."""
        if self._span is not None:
            self._span.event(event)

    async def end(self) -> None:
        """Stop speaking and writing, however far it came; an error that nobody waits for is forgotten."""
        self._context = None
        self._leave()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.source.aclose()

    def sound(self, *, at_ms: int, is_answer: bool = True) -> None:
        """Something was sent to the caller; a request for patience is not yet what they wait for."""
        self.quiet_since = time.perf_counter()
        if self.started_at_ms is None:
            self.started_at_ms = at_ms
        if is_answer and self.sounded_at is None:
            self.sounded_at = self.quiet_since
            self._enter("playback")

    @property
    def waits_for_words(self) -> bool:
        """Whether the caller has heard all there is, and more is to come."""
        return self.ledger.is_drained and not self.is_all_sent and not self.turn.locked()

    @property
    def stages_ms(self) -> dict[str, int]:
        """What the caller waited for: first for words, then for their sound. What was prepared took no time."""
        if self.worded_at is None:
            return {}
        worded_ms = _milliseconds(max(self.began_at, self.worded_at) - self.began_at)
        if self.sounded_at is None:
            return {"reply": worded_ms}
        # By the difference of two rounded times, so that the stages add up to the whole.
        stages = {"reply": worded_ms, "speech": _milliseconds(self.sounded_at - self.began_at) - worded_ms}
        if self.awaited_since is None:
            return stages
        return {**stages, "end_to_end": _milliseconds(self.sounded_at - self.awaited_since)}

    def _enter(self, stage: str) -> None:
        """Nothing is traced of what is only prepared, nor of what comes late."""
        self._leave()
        if self._context is not None:
            self._span = self._context.run(tracing.begin, stage)

    def _leave(self) -> None:
        span, self._span = self._span, None
        if span is not None:
            span.end()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

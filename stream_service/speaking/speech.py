"""One reply on its way to the caller's ear: its audio, its times, and whether it may be heard yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from shared.domain.message import ReplyChunk
from stream_service.speaking.playback import PlaybackLedger


@dataclass(slots=True)
class Speech:
    """A reply being spoken. Times are of the process's monotonic clock, in seconds.

    Attributes:
        may_begin: unset while the reply is only prepared for a turn that may not be over.
        turn: keeps a filler from breaking into a sentence.
        started_at_ms: where on the call's clock its first sound was sent.
        quiet_since: when the caller last heard something of it, or it began.
    """

    source: AsyncGenerator[ReplyChunk, None]
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

    def begin(self) -> None:
        """From now on the caller waits for it."""
        self.began_at = self.quiet_since = time.perf_counter()
        self.may_begin.set()

    def word(self) -> None:
        """Its first sentence is known."""
        if self.worded_at is None:
            self.worded_at = time.perf_counter()

    def sound(self, *, at_ms: int, is_answer: bool = True) -> None:
        """Something was sent to the caller; a request for patience is not yet what they wait for."""
        self.quiet_since = time.perf_counter()
        if self.started_at_ms is None:
            self.started_at_ms = at_ms
        if is_answer and self.sounded_at is None:
            self.sounded_at = self.quiet_since

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
        return {"reply": worded_ms, "speech": _milliseconds(self.sounded_at - self.began_at) - worded_ms}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

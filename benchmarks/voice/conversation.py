"""What one caller says when, and what came of it. No clock, no input or output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import cycle

from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.ear import Heard
from benchmarks.voice.playback import NS_PER_MS
from stream_service.media.audio import FRAME_MS

CYCLE_MS = 12_500
"""In which a caller asks three times and interrupts once."""

GREETING_MS = 4_000
"""Time the platform has to greet the caller before the first question."""

_SECOND_QUESTION_MS = 4_000
_INTERRUPT_AFTER_MS = 1_000
"""Of the second answer's sound."""

_INTERRUPT_BY_MS = 7_500
"""The last question is asked at this point of the cycle at the latest, even if there is no answer to interrupt."""


class Step(Enum):
    """What a caller does next."""

    ASK = auto()
    ASK_AGAIN = auto()
    INTERRUPT = auto()


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One utterance and the answer to it. Times are in ns; an utterance counts from when its frames really left."""

    step: Step
    starts_ns: int
    interrupts: bool
    ends_ns: int | None = None
    cleared_ns: int | None = None
    heard: Heard = field(default_factory=Heard)
    is_talked_over: bool = False
    """The agent began to speak while the caller still spoke."""

    @property
    def response_ms(self) -> float | None:
        """From the last sound of the caller to the first of the answer."""
        if self.ends_ns is None or self.heard.first_ns is None:
            return None
        return (self.heard.first_ns - self.ends_ns) / NS_PER_MS

    @property
    def barge_in_ms(self) -> float | None:
        """From the first sound of the caller to the end of the agent's."""
        return None if self.cleared_ns is None else (self.cleared_ns - self.starts_ns) / NS_PER_MS


class Conversation:
    """One caller's side: asked for a frame every 20 ms, told of all that arrives."""

    def __init__(self, audio: CallerAudio, *, first_cycle_ms: int) -> None:
        """`first_cycle_ms` after the stream's start the caller begins to ask."""
        self._speech: dict[Step, Sequence[str]] = {
            Step.ASK: audio.question,
            Step.ASK_AGAIN: audio.question,
            Step.INTERRUPT: audio.interruption,
        }
        self._noise = cycle(audio.noise)
        self._cycle_starts_ms = first_cycle_ms
        self._next = Step.ASK
        self._said = 0
        self._saying: Sequence[str] | None = None
        self.exchanges: list[Exchange] = []

    def frame(self, stream_ms: int, *, at_ns: int) -> str:
        """The frame that leaves now; `stream_ms` is its place in the stream."""
        if self._saying is None:
            if not self._is_time(stream_ms - self._cycle_starts_ms, at_ns=at_ns):
                return next(self._noise)
            self._begin(at_ns=at_ns)
        assert self._saying is not None
        frame = self._saying[self._said]
        self._said += 1
        if self._said == len(self._saying):
            self._saying = None
            self.exchanges[-1].ends_ns = at_ns
        return frame

    def hear(self, mulaw: bytes, *, from_ns: int) -> None:
        """Audio of the agent, first heard at `from_ns`."""
        if not self.exchanges:
            return
        current = self.exchanges[-1]
        if self._saying is None:
            current.heard.hear(mulaw, from_ns=from_ns)
        elif current.interrupts and current.cleared_ns is None:
            self.exchanges[-2].heard.hear(mulaw, from_ns=from_ns)
        else:
            current.is_talked_over = True

    def cleared(self, *, at_ns: int) -> None:
        """The platform dropped what was not yet heard."""
        if self.exchanges and self.exchanges[-1].cleared_ns is None:
            self.exchanges[-1].cleared_ns = at_ns

    def _is_time(self, cycle_ms: int, *, at_ns: int) -> bool:
        match self._next:
            case Step.ASK:
                return cycle_ms >= 0
            case Step.ASK_AGAIN:
                return cycle_ms >= _SECOND_QUESTION_MS
            case Step.INTERRUPT:
                first_ns = self.exchanges[-1].heard.first_ns
                has_heard_enough = first_ns is not None and at_ns >= first_ns + _INTERRUPT_AFTER_MS * NS_PER_MS
                return has_heard_enough or cycle_ms >= _INTERRUPT_BY_MS

    def _begin(self, *, at_ns: int) -> None:
        step = self._next
        interrupts = step is Step.INTERRUPT and self.exchanges[-1].heard.last_ns > at_ns
        self.exchanges.append(Exchange(step=step, starts_ns=at_ns, interrupts=interrupts))
        self._saying, self._said = self._speech[step], 0
        match step:
            case Step.ASK:
                self._next = Step.ASK_AGAIN
            case Step.ASK_AGAIN:
                self._next = Step.INTERRUPT
            case Step.INTERRUPT:
                self._next = Step.ASK
                self._cycle_starts_ms += CYCLE_MS


def spread(index: int, callers: int) -> int:
    """When the caller of this number begins, so that all together speak evenly: ms after the stream's start."""
    return GREETING_MS + (CYCLE_MS * index // callers) // FRAME_MS * FRAME_MS

"""Who has the floor: a state machine over voice activity. Pure; time comes with each frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class TurnEvent(Enum):
    """What a frame of audio led to.

    SPEECH_STARTED: the caller speaks. BARGE_IN: the same, over the agent's voice. SPEECH_PAUSED: a short silence, after
    which the turn may or may not be over. TURN_ENDED: the caller has finished and waits for an answer.
    """

    SPEECH_STARTED = auto()
    BARGE_IN = auto()
    SPEECH_PAUSED = auto()
    TURN_ENDED = auto()


class _State(Enum):
    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTiming:
    """How long is long enough, in milliseconds, and how sure is sure enough, 0..1.

    Attributes:
        start_ms: speech that makes a turn begin.
        pause_ms: silence after which the words so far are worth recognising.
        stop_ms: silence that ends the turn.
        speech_probability: from here a frame counts as speech.
        silence_probability: below here it counts as silence; in between it counts as what was before.
    """

    start_ms: int = 120
    pause_ms: int = 200
    stop_ms: int = 500
    speech_probability: float = 0.5
    silence_probability: float = 0.35


class TurnTaking:
    """The floor of one call."""

    def __init__(self, timing: TurnTiming) -> None:
        self._timing = timing
        self._state = _State.QUIET
        self._speech_ms = 0
        self._silence_ms = 0
        self._was_speech = False

    @property
    def caller_has_floor(self) -> bool:
        """Whether the caller is in the middle of a turn."""
        return self._state is not _State.QUIET

    @property
    def hears_speech(self) -> bool:
        """Whether the latest frame counted as speech."""
        return self._was_speech

    @property
    def silence_ms(self) -> int:
        """How long the caller has been silent."""
        return self._silence_ms

    def hear(self, probability: float, *, duration_ms: int, agent_is_audible: bool) -> TurnEvent | None:
        """Take the next frame's probability of speech; at most one thing happens in a frame."""
        if self._is_speech(probability):
            self._speech_ms += duration_ms
            self._silence_ms = 0
            return self._on_speech(agent_is_audible=agent_is_audible)
        self._silence_ms += duration_ms
        return self._on_silence()

    def _is_speech(self, probability: float) -> bool:
        threshold = self._timing.silence_probability if self._was_speech else self._timing.speech_probability
        self._was_speech = probability >= threshold
        return self._was_speech

    def _on_speech(self, *, agent_is_audible: bool) -> TurnEvent | None:
        if self._state is _State.PAUSED:
            self._state = _State.SPEAKING
        elif self._state is _State.QUIET and self._speech_ms >= self._timing.start_ms:
            self._state = _State.SPEAKING
            return TurnEvent.BARGE_IN if agent_is_audible else TurnEvent.SPEECH_STARTED
        return None

    def _on_silence(self) -> TurnEvent | None:
        if self._state is _State.QUIET:
            self._speech_ms = 0
        elif self._silence_ms >= self._timing.stop_ms:
            self._state = _State.QUIET
            self._speech_ms = 0
            return TurnEvent.TURN_ENDED
        elif self._state is _State.SPEAKING and self._silence_ms >= self._timing.pause_ms:
            self._state = _State.PAUSED
            return TurnEvent.SPEECH_PAUSED
        return None

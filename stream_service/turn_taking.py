"""Who has the floor: a state machine over voice activity. Pure; time comes with the audio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class TurnEvent(Enum):
    """What a piece of audio led to.

    SPEECH_STARTED: the caller speaks. BARGE_IN: the same, over the agent's voice. SPEECH_PAUSED: a short silence, after
    which the turn may or may not be over. SPEECH_RESUMED: it was not. TURN_ENDED: the caller has finished and waits for
    an answer.
    """

    SPEECH_STARTED = auto()
    BARGE_IN = auto()
    SPEECH_PAUSED = auto()
    SPEECH_RESUMED = auto()
    TURN_ENDED = auto()


class AgentVoice(Enum):
    """What the caller hears of the agent.

    GUARDED: the greeting has just begun, and the line may still send its echo back. UNINTERRUPTIBLE: a greeting that
    has to be heard to its end.
    """

    SILENT = auto()
    AUDIBLE = auto()
    GUARDED = auto()
    UNINTERRUPTIBLE = auto()


class _State(Enum):
    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTiming:
    """How long is long enough, in milliseconds, and how sure is sure enough, 0..1.

    Attributes:
        start_ms: speech that makes a turn begin.
        guarded_start_ms: the same while the agent's greeting is guarded.
        pause_ms: silence after which the words so far are worth recognising.
        stop_ms: silence that ends the turn.
        speech_probability: from here audio counts as speech.
        silence_probability: below here it counts as silence; in between it counts as what was before.
    """

    start_ms: int = 120
    guarded_start_ms: int = 500
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
    def is_paused(self) -> bool:
        """Whether the caller is in the middle of a turn and silent for the moment."""
        return self._state is _State.PAUSED

    @property
    def hears_speech(self) -> bool:
        """Whether the latest audio counted as speech."""
        return self._was_speech

    @property
    def speech_ms(self) -> int:
        """How much the caller has said in this turn, without its silences."""
        return self._speech_ms

    @property
    def silence_ms(self) -> int:
        """How long the caller has been silent."""
        return self._silence_ms

    def hear(self, probability: float, *, duration_ms: int, agent: AgentVoice) -> TurnEvent | None:
        """Take the probability of speech in the next audio; at most one thing happens."""
        # A detector may judge 32 ms at a time: a length counts as reached by the window that comes closest to it.
        slack_ms = duration_ms // 2
        if self._is_speech(probability):
            self._speech_ms += duration_ms
            self._silence_ms = 0
            return self._on_speech(agent, slack_ms)
        self._silence_ms += duration_ms
        return self._on_silence(slack_ms)

    def _is_speech(self, probability: float) -> bool:
        threshold = self._timing.silence_probability if self._was_speech else self._timing.speech_probability
        self._was_speech = probability >= threshold
        return self._was_speech

    def _on_speech(self, agent: AgentVoice, slack_ms: int) -> TurnEvent | None:
        if self._state is _State.PAUSED:
            self._state = _State.SPEAKING
            return TurnEvent.SPEECH_RESUMED
        start_ms = self._timing.guarded_start_ms if agent is AgentVoice.GUARDED else self._timing.start_ms
        if self._state is _State.SPEAKING or self._speech_ms + slack_ms < start_ms:
            return None
        self._state = _State.SPEAKING
        is_over_agent = agent in {AgentVoice.AUDIBLE, AgentVoice.GUARDED}
        return TurnEvent.BARGE_IN if is_over_agent else TurnEvent.SPEECH_STARTED

    def _on_silence(self, slack_ms: int) -> TurnEvent | None:
        silence_ms = self._silence_ms + slack_ms
        if self._state is _State.QUIET:
            self._speech_ms = 0
        elif silence_ms >= self._timing.stop_ms:
            self._state = _State.QUIET
            self._speech_ms = 0
            return TurnEvent.TURN_ENDED
        elif self._state is _State.SPEAKING and silence_ms >= self._timing.pause_ms:
            self._state = _State.PAUSED
            return TurnEvent.SPEECH_PAUSED
        return None

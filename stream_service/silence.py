"""What to do when nobody speaks: ask twice, then say goodbye. Pure; time comes with each look."""

from __future__ import annotations

from enum import Enum, auto


class SilenceEvent(Enum):
    """What a silence led to; in this order, one for each full time of silence."""

    FIRST_PROMPT = auto()
    SECOND_PROMPT = auto()
    GOODBYE = auto()


_IN_ORDER = tuple(SilenceEvent)


class SilenceWatch:
    """The silences of one call.

    Silence is mutual and idle: while the agent is audible or works on an answer, the time does not run, and it begins
    anew behind. When the caller speaks or types, the prompts so far are forgotten too. After the goodbye nothing
    follows, unless the caller does speak.
    """

    __slots__ = ("_prompt_ms", "_said", "_silent_since_ms")

    def __init__(self, *, prompt_seconds: int) -> None:
        """`prompt_seconds` of silence lead to the next event; 0 switches the watch off."""
        self._prompt_ms = prompt_seconds * 1000
        self._said = 0
        self._silent_since_ms: int | None = None

    def tick(self, now_ms: int, *, caller_speaks: bool, agent_audible: bool, is_working: bool) -> SilenceEvent | None:
        """Look at the call; at most one thing happens at a time.

        `caller_speaks` includes typing on the keys, `is_working` a model, a tool or a transfer under way.
        """
        if caller_speaks:
            self._said = 0
        if caller_speaks or agent_audible or is_working:
            self._silent_since_ms = None
            return None
        if self._silent_since_ms is None:
            self._silent_since_ms = now_ms
        if not self._prompt_ms or self._said == len(_IN_ORDER) or now_ms - self._silent_since_ms < self._prompt_ms:
            return None
        self._silent_since_ms = now_ms
        self._said += 1
        return _IN_ORDER[self._said - 1]

"""When an engine that keeps failing is left alone, and when it is tried again."""

from __future__ import annotations

from enum import Enum, auto


class _State(Enum):
    """CLOSED -> OPEN after failures in a row; OPEN -> TRYING after a pause; TRYING -> CLOSED or OPEN by its outcome."""

    CLOSED = auto()
    OPEN = auto()
    TRYING = auto()


class Circuit:
    """Skips an engine that failed several times in a row for a pause, then lets one request try it.

    Pure: `now` is any clock in seconds that never goes back. Each failed try doubles the pause; one success ends it.

    Args:
        failures: in a row, after which the engine is skipped.
        first_pause_seconds: short, so that a blip of the network costs a few callers only.
        longest_pause_seconds: how soon at the latest a recovered engine is found.
    """

    def __init__(
        self, *, failures: int = 3, first_pause_seconds: float = 2.0, longest_pause_seconds: float = 30.0
    ) -> None:
        self._failures_allowed = failures
        self._first_pause_seconds = first_pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._state = _State.CLOSED
        self._failures = 0
        self._pause_seconds = first_pause_seconds
        self._pause_ends = 0.0

    def admit(self, now: float) -> bool:
        """Whether a request may go to the engine now. After a pause this one is the try, for which the others wait.

        A try of which nothing more is heard, because nobody wanted its result, lasts no longer than a pause.
        """
        if self._state is _State.CLOSED:
            return True
        if now < self._pause_ends:
            return False
        self._state = _State.TRYING
        self._pause_ends = now + self._pause_seconds
        return True

    def succeeded(self) -> None:
        """The engine did its work."""
        self._state = _State.CLOSED
        self._failures = 0
        self._pause_seconds = self._first_pause_seconds

    def failed(self, now: float) -> None:
        """The engine did not do its work. Late failures of requests from before the pause change nothing."""
        self._failures += 1
        if self._state is _State.TRYING:
            self._pause_seconds = min(2 * self._pause_seconds, self._longest_pause_seconds)
        elif self._state is _State.OPEN or self._failures < self._failures_allowed:
            return
        self._state = _State.OPEN
        self._pause_ends = now + self._pause_seconds

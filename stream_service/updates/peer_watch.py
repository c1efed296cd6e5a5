"""Whether the reader at the other end lives and keeps up."""

from __future__ import annotations

import math
from enum import Enum

PING_SECONDS = 25.0
PONG_SECONDS = 20.0
STALLED_SECONDS = 10.0
MOST_BYTES_HEARD = 65_536
"""Between two pings. What clients say is ignored; who says so much is no client of ours."""


class Step(Enum):
    """What to do now."""

    WAIT = "wait"
    PING = "ping"
    DROP_SLOW = "drop_slow"
    DROP_SILENT = "drop_silent"
    DROP_TALKATIVE = "drop_talkative"
    END_SIGN_IN = "end_sign_in"


class PeerWatch:
    """Pings every 25 seconds; gives up who answers none, does not read, does not stop talking, or may listen no more.

    Times are seconds of any one clock. Pure.
    """

    __slots__ = ("_asked_at", "_ends_at", "_heard_bytes", "_ping_at", "_stalled_at")

    def __init__(self, now: float, *, ends_at: float = math.inf) -> None:
        """`ends_at` is when the right to listen ends."""
        self._ends_at = ends_at
        self._ping_at = now + PING_SECONDS
        self._asked_at: float | None = None
        self._stalled_at: float | None = None
        self._heard_bytes = 0

    @property
    def talks_too_much(self) -> bool:
        """Whether the peer sent more than any client has to say."""
        return self._heard_bytes > MOST_BYTES_HEARD

    def heard(self, size: int) -> None:
        """The peer sent something, so it lives."""
        self._asked_at = None
        self._heard_bytes += size

    def stalled(self, now: float) -> None:
        """The peer does not take what it is sent."""
        self._stalled_at = now

    def flows(self) -> None:
        """The peer took most of what it was sent."""
        self._stalled_at = None

    def next_step(self, now: float) -> Step:
        """What is due; asked about once a second."""
        if self.talks_too_much:
            return Step.DROP_TALKATIVE
        if now >= self._ends_at:
            return Step.END_SIGN_IN
        if self._stalled_at is not None:
            return Step.DROP_SLOW if now - self._stalled_at >= STALLED_SECONDS else Step.WAIT
        if self._asked_at is not None and now - self._asked_at >= PONG_SECONDS:
            return Step.DROP_SILENT
        if now < self._ping_at:
            return Step.WAIT
        self._ping_at += PING_SECONDS
        if self._ping_at <= now:  # The process stood still for a while.
            self._ping_at = now + PING_SECONDS
        self._heard_bytes = 0
        if self._asked_at is None:
            self._asked_at = now
        return Step.PING

"""How much load, for how long."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_WARM_UP_MINUTES = 10.0
SHORTEST_WARM_UP_MINUTES = 6.0
"""The stream service and the cache keep the events of the last five minutes: for so long they fill."""

_WARM_UP_SHARE = 1 / 6
SECONDS_BETWEEN_MESSAGES = 10
"""Of one user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakPlan:
    """One run.

    Attributes:
        calls: held at the same time; whoever hangs up is replaced.
        call_seconds: shortest and longest call.
        users: who write, in turn.
        duplicate_share: of the posts, repeated within `duplicate_within_seconds` as providers do.
        warm_up_minutes: at the beginning, in which programs may still grow; not judged.
    """

    minutes: float
    calls: int
    messages_per_second: float
    warm_up_minutes: float
    users: int = 200
    call_seconds: tuple[float, float] = (15.0, 105.0)
    duplicate_share: float = 0.02
    duplicate_within_seconds: float = 5.0
    sample_seconds: float = 10.0
    seed: int = 1

    @property
    def seconds(self) -> float:
        """Of load."""
        return self.minutes * 60

    @property
    def judged_from_seconds(self) -> float:
        """Where the warm-up ends."""
        return self.warm_up_minutes * 60


def usual_warm_up(minutes: float) -> float:
    """A sixth of the run, six to ten minutes, and never more than half of it."""
    wanted = max(SHORTEST_WARM_UP_MINUTES, min(LONGEST_WARM_UP_MINUTES, minutes * _WARM_UP_SHARE))
    return min(wanted, minutes / 2)


def usual_users(messages_per_second: float) -> int:
    """As many as let each write every ten seconds: what is kept of a conversation is full within minutes."""
    return max(1, round(SECONDS_BETWEEN_MESSAGES * messages_per_second))

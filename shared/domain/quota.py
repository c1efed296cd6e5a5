"""Limits as decisions from counts: requests a minute, blocked sources, sockets and calls per user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWindow:
    """How often somebody asked in the current window, this time included, and when the window ends.

    The window begins with the first request after the one before ended: around that moment, twice as many can fall
    into less than its length. Where no such moment may be, there is `Admission`.
    """

    count: int
    resets_in_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether requests passed a limit that holds for every stretch of time of the window's length.

    Attributes:
        count: how many passed in the last window; for requests that were refused, with those refused of late.
        retry_after_seconds: after which the next one passes; 0 for requests that passed.
    """

    is_admitted: bool
    count: int
    retry_after_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDecision:
    """Whether a request may pass; if not, after how many seconds the next may."""

    is_allowed: bool
    retry_after_seconds: int


def decide_rate(*, window: RateWindow, limit: int) -> RateDecision:
    """The first `limit` requests of a window pass."""
    if window.count <= limit:
        return RateDecision(is_allowed=True, retry_after_seconds=0)
    return RateDecision(is_allowed=False, retry_after_seconds=max(1, window.resets_in_seconds))


def must_block(*, failures: int, threshold: int) -> bool:
    """Whether a source that failed validation so often in the window is to be shut out."""
    return failures >= threshold

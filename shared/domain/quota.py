"""Limits as decisions from counts: requests a minute, blocked sources, sockets and calls per user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWindow:
    """How often somebody asked in the current window, this time included, and when the window ends."""

    count: int
    resets_in_seconds: int


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

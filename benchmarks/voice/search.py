"""How many calls a server can hold before a caller would notice, decided level by level. No clock, input or output."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from benchmarks.voice.figures import LevelFigures

MOST_SLOWER_MS = 50
MOST_CHOPPY_SHARE = 0.01
_STEPS_BETWEEN = 8
"""The answer is exact to an eighth of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a level was held; `reason` says why not."""

    holds: bool
    reason: str = ""


def judge(level: LevelFigures, *, alone: LevelFigures) -> Verdict:
    """Compare a level with one call alone: nothing failed, nothing unanswered, hardly slower, not choppy."""
    if level.failed:
        return Verdict(holds=False, reason=f"{len(level.failed)} calls failed: {level.failed[0]}")
    if level.unanswered:
        return Verdict(holds=False, reason=f"{level.unanswered} questions without an answer")
    if level.response_p95 is None or alone.response_p95 is None:
        return Verdict(holds=False, reason="no answer was measured")
    slower_ms = level.response_p95 - alone.response_p95
    if slower_ms > MOST_SLOWER_MS:
        return Verdict(holds=False, reason=f"p95 {slower_ms:.0f} ms later than with one call")
    if level.choppy_share > MOST_CHOPPY_SHARE:
        return Verdict(holds=False, reason=f"{level.choppy_share:.1%} of the answers choppy")
    return Verdict(holds=True)


def levels_to_try(first: int, *, most: int) -> Generator[int, bool, int]:
    """Yields levels, is sent whether each was held, returns the largest that was (0: none).

    Doubles until a level fails or `most` is reached, then halves the distance.
    """
    held, failed = 0, most + 1
    level = min(first, most)
    while level > held and level < failed:
        if (yield level):
            held = level
        else:
            failed = level
        if failed > most:
            level = min(2 * held, most)
        elif failed - held <= max(1, held // _STEPS_BETWEEN):
            break
        else:
            level = (held + failed) // 2
    return held

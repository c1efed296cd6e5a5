"""What a level of load came to: percentiles, shares, and whether the figures may be believed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.voice.conversation import Exchange, Step

MOST_LATE_MS = 10
"""A generator that sends one frame in a hundred later than this measures itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCost:
    """What the server used in the steady window."""

    cpu_seconds_per_call_minute: float
    uss_mib: float
    mib_per_call: float | None
    threads: int
    foreign_share: float
    """Of the server's processor, taken by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigures:
    """One number of calls at the same time. Times in ms; percentiles are None when nothing was measured.

    `response` counts from the last sound of the caller, `barge_in` from the first: the server's stop and start times
    of voice activity are still in them.
    """

    calls: int
    failed: Sequence[str]
    responses: int
    unanswered: int
    talked_over: int
    response_p50: float | None
    response_p95: float | None
    barge_ins: int
    not_cleared: int
    barge_in_p50: float | None
    barge_in_p95: float | None
    choppy_share: float
    accept_p95: float | None
    late_p99: int
    cost: ServerCost

    @property
    def is_valid(self) -> bool:
        """Whether the generator kept its own deadlines."""
        return self.late_p99 <= MOST_LATE_MS


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` (0..1) of all values do not exceed; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def percentile_of_counts(counts: Counter[int], share: float) -> int:
    """The same of values that were counted; 0 of none."""
    wanted = math.ceil(share * counts.total())
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            return value
    return 0


def summarise(
    exchanges: Sequence[Exchange],
    *,
    calls: int,
    failed: Sequence[str],
    accepts_ms: Sequence[float],
    late_ms: Counter[int],
    cost: ServerCost,
) -> LevelFigures:
    """Figures of the exchanges that lay in the steady window."""
    responses = [each.response_ms for each in exchanges if each.response_ms is not None]
    interruptions = [each for each in exchanges if each.interrupts]
    barge_ins = [each.barge_in_ms for each in interruptions if each.barge_in_ms is not None]
    choppy = [each for each in exchanges if each.heard.is_choppy]
    return LevelFigures(
        calls=calls,
        failed=failed,
        responses=len(responses),
        unanswered=len(exchanges) - len(responses),
        talked_over=sum(each.is_talked_over for each in exchanges),
        response_p50=percentile(responses, 0.5),
        response_p95=percentile(responses, 0.95),
        barge_ins=len(barge_ins),
        not_cleared=sum(each.step is Step.INTERRUPT for each in exchanges) - len(barge_ins),
        barge_in_p50=percentile(barge_ins, 0.5),
        barge_in_p95=percentile(barge_ins, 0.95),
        choppy_share=len(choppy) / len(responses) if responses else 0.0,
        accept_p95=percentile(accepts_ms, 0.95),
        late_p99=percentile_of_counts(late_ms, 0.99),
        cost=cost,
    )

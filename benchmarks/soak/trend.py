"""Whether a series of readings stays flat: robust slopes, and the last third against the first. No clock, no input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from benchmarks.voice.figures import percentile

SECONDS_PER_HOUR = 3600
MOST_POINTS = 120
"""Longer series are reduced to so many medians first: all pairs of points are looked at."""

LEAST_POINTS = 12
LEAST_LATENCIES = 20
"""Of a third: percentiles of fewer say nothing."""

Point = tuple[float, float]
"""When, in seconds, and how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much more is still flat: so much of what there was, or so much in the series' own unit, if that is more."""

    share: float
    amount: float

    def of(self, usual: float) -> float:
        """In the series' own unit."""
        return max(self.share * usual, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a series went on. `per_hour` is None where there were too few readings to tell."""

    usual: float
    per_hour: float | None
    allowed_per_hour: float

    @property
    def is_flat(self) -> bool:
        """Whether it grew by no more than is allowed; shrinking is no fault."""
        return self.per_hour is None or self.per_hour <= self.allowed_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One percentile of the first and of the last third of a run, in ms."""

    share: float
    first: float
    last: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        """Whether the last third is no slower than is allowed; faster is no fault."""
        return self.last <= self.allowed


def growth(points: Sequence[Point], allowance: Allowance) -> Growth:
    """How much a series grows in an hour, by the median of the slopes between all pairs of its points.

    A third of the readings may be as wrong as they like. Source: Theil, 1950; Sen, 1968.
    """
    usual = median(value for _, value in points) if points else 0.0
    per_hour = None
    if len(points) >= LEAST_POINTS:
        per_hour = median_slope(_thinned(points)) * SECONDS_PER_HOUR
    return Growth(usual=usual, per_hour=per_hour, allowed_per_hour=allowance.of(usual))


def median_slope(points: Sequence[Point]) -> float:
    """Theil's slope, in units a second.

    Raises:
        ValueError: there are no two points at different times.
    """
    slopes = [(later[1] - earlier[1]) / (later[0] - earlier[0]) for earlier, later in _pairs(points)]
    if not slopes:
        raise ValueError("a slope needs two moments")
    return median(slopes)


def drift(points: Sequence[Point], *, from_seconds: float, until_seconds: float, allowance: Allowance) -> list[Drift]:
    """The middle and the slow end of the last third against the first; empty where there is too little to compare."""
    third = (until_seconds - from_seconds) / 3
    first = _between(points, from_seconds, from_seconds + third)
    last = _between(points, until_seconds - third, until_seconds)
    if min(len(first), len(last)) < LEAST_LATENCIES:
        return []
    found = []
    for share in (0.5, 0.95):
        before, after = percentile(first, share), percentile(last, share)
        assert before is not None
        assert after is not None
        found.append(Drift(share=share, first=before, last=after, allowed=before + allowance.of(before)))
    return found


def _between(points: Sequence[Point], from_seconds: float, until_seconds: float) -> list[float]:
    return [value for at, value in points if from_seconds <= at < until_seconds]


def _pairs(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return [(one, other) for one, other in combinations(sorted(points), 2) if other[0] > one[0]]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """At most so many points, each the median of its neighbours."""
    if len(points) <= MOST_POINTS:
        return list(points)
    size = -(-len(points) // MOST_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(median(at for at, _ in group), median(value for _, value in group)) for group in groups]

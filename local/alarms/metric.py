"""What is measured: a metric's identity, its samples, and their statistics by period."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(?P<percent>\d{1,2}(?:\.\d+)?|100)")
_SIMPLE: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
}


class UnsupportedError(Exception):
    """An alarm uses something that is not judged here; guessing what CloudWatch makes of it would be worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One series of CloudWatch's; another set of dimensions is another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """The metric with these dimensions."""
        return cls(namespace=namespace, name=name, dimensions=frozenset(dimensions.items()))

    def __str__(self) -> str:
        """As people write it: namespace, name and dimensions."""
        pairs = ", ".join(f"{name}={value}" for name, value in sorted(self.dimensions))
        return f"{self.namespace} {self.name} {{{pairs}}}"


class Samples:
    """Every value of every metric, with its second; the order in which they come does not matter."""

    def __init__(self) -> None:
        self._values: dict[Metric, list[tuple[float, float]]] = defaultdict(list)
        self._is_sorted = True

    def add(self, metric: Metric, at_seconds: float, value: float) -> None:
        """Keep a value."""
        self._values[metric].append((at_seconds, value))
        self._is_sorted = False

    @property
    def metrics(self) -> frozenset[Metric]:
        """Those of which there is a value."""
        return frozenset(self._values)

    @property
    def span(self) -> tuple[float, float] | None:
        """The seconds of the first and the last value; None when there is none."""
        seconds = [at for values in self._values.values() for at, _ in values]
        return (min(seconds), max(seconds)) if seconds else None

    def of(self, metric: Metric) -> list[tuple[float, float]]:
        """Every value of a metric, with its second."""
        return list(self._values.get(metric, ()))

    def between(self, metric: Metric, start: float, end: float) -> list[float]:
        """The values from `start`, before `end`."""
        if not self._is_sorted:
            for values in self._values.values():
                values.sort()
            self._is_sorted = True
        kept = self._values.get(metric, [])
        return [value for _, value in kept[bisect_left(kept, (start,)) : bisect_left(kept, (end,))]]


def statistic(name: str, values: Sequence[float]) -> float:
    """A statistic of at least one value.

    A percentile is the smallest value that so many percent of the values do not exceed; CloudWatch estimates it from a
    distribution and may differ by about a percent.

    Raises:
        UnsupportedError: no statistic that is known here.
    """
    if name in _SIMPLE:
        return float(_SIMPLE[name](values))
    percent = percentile(name)
    if percent is None:
        raise UnsupportedError(f"the statistic {name}")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return float(sorted(values)[rank - 1])


def percentile(statistic_name: str) -> float | None:
    """The percent of a percentile (`p95`); None for other statistics."""
    found = _PERCENTILE.fullmatch(statistic_name)
    return float(found["percent"]) if found else None

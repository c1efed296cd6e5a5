"""Metric math as far as the template uses it: arithmetic, comparisons, AND, OR, IF, FILL, SUM, MAX and METRICS.

Everything else is refused, as is what CloudWatch advises against in alarms: a sum over the points of one series, which
changes with how many points are asked for. Source: Amazon CloudWatch User Guide, "Using metric math".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from local.alarms.metric import UnsupportedError

Series: TypeAlias = dict[int, float]
"""Values by the second at which their period begins; what is missing has no entry."""
Value: TypeAlias = "float | Series | list[Series]"
Operation: TypeAlias = Callable[[float, float], float | None]

_WORD = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>\"[^\"]*\"|'[^']*')|(?P<name>[A-Za-z_]\w*)|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"
)
_WORDS = {"AND": "&&", "OR": "||"}


def _divide(left: float, right: float) -> float | None:
    """A point that would be divided by zero is dropped."""
    return None if right == 0 else left / right


_OPERATIONS: dict[str, tuple[int, Operation]] = {
    "||": (1, lambda left, right: float(bool(left) or bool(right))),
    "&&": (2, lambda left, right: float(bool(left) and bool(right))),
    "==": (3, lambda left, right: float(left == right)),
    "!=": (3, lambda left, right: float(left != right)),
    "<=": (3, lambda left, right: float(left <= right)),
    ">=": (3, lambda left, right: float(left >= right)),
    "<": (3, lambda left, right: float(left < right)),
    ">": (3, lambda left, right: float(left > right)),
    "+": (4, operator.add),
    "-": (4, operator.sub),
    "*": (5, operator.mul),
    "/": (5, _divide),
    "^": (6, operator.pow),
}
_UNARY_MINUS_BINDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an expression may refer to.

    Attributes:
        series: by id: metrics, and the results of other expressions.
        metrics: the ids that are metrics.
        periods: the seconds at which the periods that are looked at begin, for what is filled.
    """

    series: Mapping[str, Series]
    metrics: Sequence[str]
    periods: Sequence[int]


def evaluate(expression: str, known: Known) -> Series:
    """The series that an expression stands for.

    Raises:
        UnsupportedError: it holds what is not known here, or is no single series.
    """
    result = _Reader(expression, known).read()
    if not isinstance(result, dict):
        raise UnsupportedError(f"an expression that is not one series: {expression}")
    return result


class _Reader:
    """Reads an expression from left to right, and reckons as it goes."""

    def __init__(self, expression: str, known: Known) -> None:
        self._expression = expression
        self._known = known
        self._words = list(_read_words(expression))
        self._next = 0

    def read(self) -> Value:
        """The value of all of it."""
        value = self._operand_and_rest(0)
        if self._peek() is not None:
            raise self._refused()
        return value

    def _operand_and_rest(self, least_binding: int) -> Value:
        left = self._operand()
        while (sign := self._peek()) in _OPERATIONS:
            assert sign is not None
            binding, operation = _OPERATIONS[sign]
            if binding <= least_binding:
                break
            self._next += 1
            left = _combine(left, self._operand_and_rest(binding), operation)
        return left

    def _operand(self) -> Value:
        word = self._take()
        if word == "(":
            value = self._operand_and_rest(0)
            self._expect(")")
            return value
        if word == "[":
            return self._array()
        if word == "-":
            return _combine(0.0, self._operand_and_rest(_UNARY_MINUS_BINDS), operator.sub)
        if word[0].isdigit():
            return float(word)
        if self._peek() == "(":
            return self._function(word)
        if word not in self._known.series:
            raise self._refused()
        return self._known.series[word]

    def _array(self) -> list[Series]:
        members: list[Series] = []
        while True:
            value = self._operand_and_rest(0)
            if isinstance(value, float):
                raise self._refused()
            members += value if isinstance(value, list) else [value]
            word = self._take()
            if word == "]":
                return members
            if word != ",":
                raise self._refused()

    def _function(self, name: str) -> Value:
        self._expect("(")
        if name == "METRICS":
            return self._metrics()
        arguments: list[Value] = [self._operand_and_rest(0)]
        while self._peek() == ",":
            self._next += 1
            arguments.append(self._operand_and_rest(0))
        self._expect(")")
        match name, arguments:
            case "IF", [condition, then]:
                return _choose(condition, then, {})
            case "IF", [condition, then, otherwise]:
                return _choose(condition, then, otherwise)
            case "FILL", [dict() as series, float() as value]:
                return self._filled(series, value)
            case "FILL", [list() as several, float() as value]:
                return [self._filled(series, value) for series in several]
            case "SUM", [list() as several]:
                return _gather(several, sum)
            case "MAX", [list() as several]:
                return _gather(several, max)
        raise self._refused()

    def _metrics(self) -> list[Series]:
        word = self._take()
        part = ""
        if word != ")":
            part = word.strip("\"'")
            self._expect(")")
        return [self._known.series[name] for name in self._known.metrics if part in name]

    def _filled(self, series: Series, value: float) -> Series:
        return {period: series.get(period, value) for period in self._known.periods}

    def _peek(self) -> str | None:
        return self._words[self._next] if self._next < len(self._words) else None

    def _take(self) -> str:
        word = self._peek()
        if word is None:
            raise self._refused()
        self._next += 1
        return word

    def _expect(self, word: str) -> None:
        if self._take() != word:
            raise self._refused()

    def _refused(self) -> UnsupportedError:
        return UnsupportedError(f"the expression {self._expression!r} near {' '.join(self._words[: self._next + 1])!r}")


def _read_words(expression: str) -> Iterator[str]:
    place = 0
    expression = expression.rstrip()
    while place < len(expression):
        found = _WORD.match(expression, place)
        if found is None:
            raise UnsupportedError(f"the expression {expression!r} at {expression[place : place + 10]!r}")
        place = found.end()
        word = found[0].strip()
        yield _WORDS.get(word, word)


def _combine(left: Value, right: Value, operation: Operation) -> Value:
    """Between two series a missing value counts as 0; between a series and a number only values that exist count."""
    if isinstance(left, list) or isinstance(right, list):
        return [
            series for one, other in _pairs(left, right) if isinstance(series := _combine(one, other, operation), dict)
        ]
    if isinstance(left, float) and isinstance(right, float):
        result = operation(left, right)
        if result is None:
            raise UnsupportedError("a division of numbers by zero")
        return result
    periods = {*(left if isinstance(left, dict) else ()), *(right if isinstance(right, dict) else ())}
    results = ((period, operation(_at(left, period), _at(right, period))) for period in sorted(periods))
    return {period: value for period, value in results if value is not None}


def _pairs(left: Value, right: Value) -> Iterator[tuple[float | Series, float | Series]]:
    if isinstance(left, list) and isinstance(right, list):
        raise UnsupportedError("arithmetic between two arrays")
    if isinstance(left, list):
        assert not isinstance(right, list)
        yield from ((series, right) for series in left)
    elif isinstance(right, list):
        yield from ((left, series) for series in right)


def _at(value: float | Series, period: int) -> float:
    return value if isinstance(value, float) else value.get(period, 0.0)


def _choose(condition: Value, then: Value, otherwise: Value) -> Series:
    """Where the condition holds `then`, or 0 if that is missing there; else `otherwise`, or nothing."""
    if not isinstance(condition, dict) or isinstance(then, list) or isinstance(otherwise, list):
        raise UnsupportedError("an IF whose condition is not one series, or whose values are arrays")
    chosen: Series = {}
    for period, holds in condition.items():
        if holds:
            chosen[period] = _at(then, period)
        elif isinstance(otherwise, float) or period in otherwise:
            chosen[period] = _at(otherwise, period)
    return chosen


def _gather(several: Sequence[Series], over: Callable[[Sequence[float]], float]) -> Series:
    periods = sorted({period for series in several for period in series})
    return {period: float(over([series[period] for series in several if period in series])) for period in periods}

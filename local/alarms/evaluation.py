"""What an alarm makes of the data: ALARM, OK, or that there is not enough of it.

Source: Amazon CloudWatch User Guide, "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from local.alarms.alarm import Alarm, TreatMissing
from local.alarms.expression import Known, Series, evaluate
from local.alarms.metric import Samples, UnsupportedError, statistic

EXTRA_PERIODS = 2
"""CloudWatch looks further back than it must, how far it does not say; in its own examples at 5 periods for 3."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_NAME = re.compile(r"[a-z]\w*")


class State(Enum):
    """States of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of an alarm at a moment.

    Attributes:
        points: the value of each period that was looked at, oldest first; None where there was no data.
    """

    state: State
    points: Sequence[float | None]

    @property
    def value(self) -> float | None:
        """The latest value there is."""
        return next((point for point in reversed(self.points) if point is not None), None)


def judge(alarm: Alarm, samples: Samples, *, at: int, current: State = State.INSUFFICIENT_DATA) -> Verdict:
    """What the alarm says at a second that ends a period; `current` is what it said before.

    Raises:
        UnsupportedError: its expression or its comparison is not known here.
    """
    number = alarm.evaluation_periods + EXTRA_PERIODS
    periods = [at - alarm.period_seconds * back for back in range(number, 0, -1)]
    series = watched_series(alarm, samples, periods)
    points = [series.get(period) for period in periods]
    compare = _COMPARISONS.get(alarm.comparison)
    if compare is None:
        raise UnsupportedError(f"{alarm.name}: {alarm.comparison}")
    breaches = [None if point is None else compare(point, alarm.threshold) for point in points]
    return Verdict(state=decide(alarm, breaches, current), points=points)


def watched_series(alarm: Alarm, samples: Samples, periods: Sequence[int]) -> Series:
    """The series that is compared with the threshold."""
    known: dict[str, Series] = {}
    for name, query in alarm.queries.items():
        values = {period: samples.between(query.metric, period, period + alarm.period_seconds) for period in periods}
        known[name] = {
            period: statistic(query.statistic, sampled)
            for period, sampled in values.items()
            if sampled and len(sampled) >= alarm.least_samples
        }
    waiting = dict(alarm.expressions)
    while waiting:
        ready = next((one for one in waiting if not _names_in(waiting[one]) & waiting.keys()), None)
        if ready is None:
            raise UnsupportedError(f"{alarm.name}: expressions that need each other")
        expression = waiting.pop(ready)
        known[ready] = evaluate(expression, Known(series=known, metrics=list(alarm.queries), periods=periods))
    return known[alarm.watched]


def _names_in(expression: str) -> set[str]:
    return set(_NAME.findall(expression))


def decide(alarm: Alarm, breaches: Sequence[bool | None], current: State) -> State:
    """The state, from what each period in the range says, the oldest first: over the line, not over it, or no data."""
    existing = [breach for breach in breaches if breach is not None]
    lacking = alarm.evaluation_periods - len(existing)
    latest = existing[-alarm.evaluation_periods :]
    if lacking > 0 and alarm.treat_missing in {TreatMissing.BREACHING, TreatMissing.NOT_BREACHING}:
        latest = latest + [alarm.treat_missing is TreatMissing.BREACHING] * lacking
        lacking = 0
    if sum(latest) >= alarm.datapoints_to_alarm:
        return State.ALARM
    if lacking <= 0 or not all(latest):
        return State.OK
    return _with_few_points(alarm, breaches, current)


def _with_few_points(alarm: Alarm, breaches: Sequence[bool | None], current: State) -> State:
    """Too few points, none of them below the line: it is an alarm once the oldest is old enough for one."""
    if alarm.treat_missing is TreatMissing.IGNORE:
        return current
    oldest = next((place for place, breach in enumerate(breaches) if breach), None)
    is_old_enough = oldest is not None and len(breaches) - oldest >= alarm.datapoints_to_alarm
    return State.ALARM if is_old_enough else State.INSUFFICIENT_DATA

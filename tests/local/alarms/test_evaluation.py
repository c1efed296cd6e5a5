"""Alarms change their state as the user guide's own tables show."""

from __future__ import annotations

from typing import Any

import pytest

from local.alarms.alarm import Alarm, TreatMissing, read_alarm
from local.alarms.evaluation import State, decide, judge
from local.alarms.metric import Metric, Samples, UnsupportedError, statistic

NO_DATA, OK, ALARM = State.INSUFFICIENT_DATA, State.OK, State.ALARM
KEPT = None
"""What the guide calls "retain current state"."""
METRIC = Metric.of("Vaani", "wait_ms", {"service": "stream_service"})
NOON = 1_800_000_000 // 3600 * 3600


def alarm(**changed: Any) -> Alarm:
    """An alarm on more than 10, with these properties changed."""
    properties = {
        "Namespace": "Vaani",
        "MetricName": "wait_ms",
        "Dimensions": [{"Name": "service", "Value": "stream_service"}],
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return read_alarm("Wait", {**properties, **changed})


# Source: Amazon CloudWatch User Guide, "How alarm state is evaluated when data is missing": the last five periods, the
# oldest first, 0 within the threshold, X beyond, - missing; then the states for the four treatments below.
THREE_OF_THREE = [
    ("0 - X - X", OK, OK, OK, OK),
    ("0 - - - -", OK, OK, OK, OK),
    ("- - - - -", NO_DATA, KEPT, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - - - X", NO_DATA, KEPT, ALARM, OK),
    ("X - - - -", ALARM, KEPT, ALARM, OK),
]
TWO_OF_THREE = [
    ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
    ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
    ("0 - X - -", OK, OK, ALARM, OK),
    ("- - - - 0", OK, OK, ALARM, OK),
    ("- - - - X", NO_DATA, KEPT, ALARM, OK),
]
TREATMENTS = (TreatMissing.MISSING, TreatMissing.IGNORE, TreatMissing.BREACHING, TreatMissing.NOT_BREACHING)


@pytest.mark.parametrize(
    ("points", "treatment", "expected", "datapoints"),
    [
        (points, treatment, state, datapoints)
        for datapoints, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
        for points, *states in table
        for treatment, state in zip(TREATMENTS, states, strict=True)
    ],
)
@pytest.mark.parametrize("current", list(State))
def test_the_state_is_that_of_the_user_guides_tables(
    points: str, treatment: TreatMissing, expected: State | None, datapoints: int, current: State
) -> None:
    breaches = [{"0": False, "X": True, "-": None}[point] for point in points.split()]

    state = decide(alarm(DatapointsToAlarm=datapoints, TreatMissingData=treatment.value), breaches, current)

    assert state is (expected or current)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("SampleCount", 100),
        ("p95", 95),
        ("p50", 50),
        ("p99.9", 100),
        ("p100", 100),
    ],
)
def test_statistics_are_of_the_values_of_a_period(name: str, expected: float) -> None:
    assert statistic(name, list(range(100, 0, -1))) == expected


@pytest.mark.parametrize("name", ["tm99", "IQM", "p", "p101"])
def test_an_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedError):
        statistic(name, [1.0])


def filled(*values_by_period: list[float], period: int = 300) -> Samples:
    """Values of the periods that end at noon, the oldest first."""
    samples = Samples()
    for back, values in zip(range(len(values_by_period), 0, -1), values_by_period, strict=True):
        for value in values:
            samples.add(METRIC, NOON - back * period + 1, value)
    return samples


def test_a_value_on_the_line_is_not_over_it() -> None:
    samples = filled([10], [10], [10])

    assert judge(alarm(), samples, at=NOON).state is OK
    assert judge(alarm(ComparisonOperator="GreaterThanOrEqualToThreshold"), samples, at=NOON).state is ALARM


def test_a_value_belongs_to_the_period_in_which_it_was_measured() -> None:
    verdict = judge(alarm(EvaluationPeriods=1), filled([], [3, 11], [7]), at=NOON)

    assert list(verdict.points) == [None, 11, 7]
    assert (verdict.state, verdict.value) == (OK, 7)


def test_a_percentile_of_too_few_values_changes_nothing_where_the_alarm_says_so() -> None:
    ignoring = {"Statistic": None, "ExtendedStatistic": "p95", "EvaluateLowSampleCountPercentile": "ignore"}
    watching = alarm(EvaluationPeriods=1, **ignoring)

    assert judge(watching, filled([99] * 199), at=NOON).state is NO_DATA
    assert judge(watching, filled([99] * 200), at=NOON).state is ALARM
    assert judge(alarm(EvaluationPeriods=1, Statistic="p95"), filled([99]), at=NOON).state is ALARM


def test_an_expression_may_use_another_that_stands_after_it() -> None:
    stat = {"Stat": "Sum", "Period": 300, "Metric": {"Namespace": "Vaani", "MetricName": "wait_ms"}}
    stat["Metric"]["Dimensions"] = [{"Name": "service", "Value": "stream_service"}]  # type: ignore[index]
    watching = read_alarm(
        "Rate",
        {
            "Metrics": [
                {"Id": "rate", "Expression": "IF(doubled > 0, doubled, 0)"},
                {"Id": "doubled", "Expression": "waits * 2", "ReturnData": False},
                {"Id": "waits", "MetricStat": stat, "ReturnData": False},
            ],
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    )

    assert judge(watching, filled([3, 2]), at=NOON).state is OK
    assert judge(watching, filled([3, 3]), at=NOON).value == 12


@pytest.mark.parametrize(
    "changed",
    [
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"Unit": "Count"},
        {"ThresholdMetricId": "band"},
        {"Metrics": [{"Id": "a", "Expression": "1"}, {"Id": "b", "Expression": "2"}]},
    ],
)
def test_an_alarm_of_a_kind_that_is_not_judged_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        judge(alarm(**changed), Samples(), at=NOON)

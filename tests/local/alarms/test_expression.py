"""Metric math gives what the user guide's own examples show, and refuses what it does not know."""

from __future__ import annotations

import pytest

from local.alarms.expression import Known, Series, evaluate
from local.alarms.metric import UnsupportedError

PERIODS = (0, 60, 120, 180, 240)


def series(*values: float | None) -> Series:
    """A value for each minute; None where there is none."""
    return {period: float(value) for period, value in zip(PERIODS, values, strict=False) if value is not None}


def known(**several: Series) -> Known:
    return Known(series=several, metrics=list(several), periods=PERIODS)


# Source: Amazon CloudWatch User Guide, "Using metric math", the examples under comparison operators and IF expressions.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(metric1 < metric2)", series(0, 0, 1, 0)),
        ("(metric1 >= 30)", series(1, 0, 0, 0)),
        ("(metric1 > 15 AND metric2 > 15)", series(1, 0, 0, 0)),
    ],
)
def test_comparisons_are_those_of_the_user_guide(expression: str, expected: Series) -> None:
    metrics = known(metric1=series(30, 20, 0, 0), metric2=series(20, None, 20, None))

    assert evaluate(expression, metrics) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", series(30, 0, 20, None, None)),
        ("IF(metric1, 5, metric3)", series(5, 5, 20, None, None)),
        ("IF(metric1, metric2, 5)", series(30, 0, 5, 5, None)),
        ("IF(metric1 < 1, metric3)", series(None, None, 20, 0, None)),
    ],
)
def test_conditions_are_those_of_the_user_guide(expression: str, expected: Series) -> None:
    metrics = known(
        metric1=series(1, 1, 0, 0, None), metric2=series(30, None, 0, 0, 30), metric3=series(0, 0, 20, None, 20)
    )

    assert evaluate(expression, metrics) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", series(3, 4, 6)),
        ("m1 / m2", series(0.5, None, 0)),
        ("100 * m1 / m3", series(20, 80, 0)),
        ("FILL(m3, 0)", series(5, 5, 5, 0, 0)),
        ("SUM([m1, m2])", series(3, 4, 6)),
        ("MAX([FILL(m1, 0), m2])", series(2, 4, 6, 0, 0)),
        ("SUM(METRICS())", series(8, 9, 11)),
        ('SUM(METRICS("2"))', series(2, 0, 6)),
        ("SUM(FILL(METRICS(), 1))", series(8, 9, 12, 3, 3)),
        ("-m1 + 2 * (m3 - 1)", series(7, 4, 8)),
        ("m3 - 1 - 2", series(2, 2, 2)),
        ("2 ^ m2", series(4, 1, 64)),
    ],
)
def test_what_is_missing_counts_as_nothing_and_what_is_divided_by_nothing_is_dropped(
    expression: str, expected: Series
) -> None:
    metrics = known(m1=series(1, 4, None), m2=series(2, 0, 6), m3=series(5, 5, 5))

    assert evaluate(expression, metrics) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "SUM(m1)",
        "AVG([m1])",
        "FILL(m1, REPEAT)",
        "RATE(m1)",
        "m1 +",
        "m2",
        "5",
        "[m1]",
        "m1 ; m1",
        "IF([m1], 1, 2)",
        "(m1",
    ],
)
def test_what_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedError):
        evaluate(expression, known(m1=series(1)))

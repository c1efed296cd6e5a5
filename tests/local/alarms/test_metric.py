"""What belongs to a period, and what its statistics say."""

from __future__ import annotations

from local.alarms.metric import Metric, Samples

METRIC = Metric.of("Vaani", "requests", {})


def test_a_period_holds_its_first_second_and_not_that_of_the_next() -> None:
    samples = Samples()
    for second in (120.0, 60.0, 59.9, 119.9):
        samples.add(METRIC, second, value=second)

    assert samples.between(METRIC, 60, 120) == [60.0, 119.9]

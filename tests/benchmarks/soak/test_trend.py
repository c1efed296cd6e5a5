from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soak.trend import Allowance, drift, growth, median_slope

HOUR = 3600
ALLOWANCE = Allowance(share=0.05, amount=4.0)


def _line(*, start: float, per_hour: float, samples: int = 360) -> list[tuple[float, float]]:
    return [(10.0 * n, start + per_hour * 10.0 * n / HOUR) for n in range(samples)]


@given(start=st.floats(0, 500), per_hour=st.floats(-100, 100))
def test_the_slope_of_a_line_is_its_growth_in_an_hour(start: float, per_hour: float) -> None:
    found = growth(_line(start=start, per_hour=per_hour, samples=40), ALLOWANCE)

    assert found.per_hour == pytest.approx(per_hour, abs=1e-3)


def test_a_quarter_of_wild_readings_does_not_bend_the_slope() -> None:
    points = [(at, value + (1000 if at % 40 == 0 else 0)) for at, value in _line(start=100, per_hour=3)]

    found = growth(points, ALLOWANCE)

    assert found.per_hour == pytest.approx(3, abs=0.5)


def test_a_steep_slope_is_not_flat_and_a_faint_one_is() -> None:
    steep, faint = (growth(_line(start=60, per_hour=per_hour), ALLOWANCE) for per_hour in (4.1, 3.9))

    assert not steep.is_flat
    assert faint.is_flat


def test_a_large_program_may_grow_by_its_share() -> None:
    found = growth(_line(start=300, per_hour=14), ALLOWANCE)

    assert found.allowed_per_hour == pytest.approx(15, abs=1)
    assert found.is_flat


def test_one_step_in_the_middle_is_growth() -> None:
    points = [(at, value + (50 if at >= HOUR / 2 else 0)) for at, value in _line(start=100, per_hour=0)]

    assert not growth(points, ALLOWANCE).is_flat


def test_shrinking_is_no_fault() -> None:
    assert growth(_line(start=300, per_hour=-100), ALLOWANCE).is_flat


def test_a_handful_of_readings_tells_nothing() -> None:
    found = growth(_line(start=10, per_hour=1000, samples=11), ALLOWANCE)

    assert found.per_hour is None
    assert found.is_flat


def test_one_moment_has_no_slope() -> None:
    with pytest.raises(ValueError, match="two moments"):
        median_slope([(1.0, 5.0), (1.0, 6.0)])


def test_a_slower_last_third_is_not_flat() -> None:
    points = [(float(n), 100.0 if n < 200 else 130.0) for n in range(300)]

    found = drift(points, from_seconds=0, until_seconds=300, allowance=Allowance(share=0.25, amount=25))

    assert [(each.first, each.last, each.is_flat) for each in found] == [(100, 130, False), (100, 130, False)]


def test_only_the_slow_end_may_be_the_one_that_drifted() -> None:
    points = [(float(n), 200.0 if n >= 200 and n % 10 == 0 else 100.0) for n in range(300)]

    middle, slow_end = drift(points, from_seconds=0, until_seconds=300, allowance=Allowance(share=0.25, amount=25))

    assert middle.is_flat
    assert not slow_end.is_flat


def test_what_lies_outside_the_window_is_not_compared() -> None:
    points = [(float(n), 900.0 if n < 60 or n >= 360 else 100.0) for n in range(400)]

    found = drift(points, from_seconds=60, until_seconds=360, allowance=Allowance(share=0.25, amount=25))

    assert {(each.first, each.last) for each in found} == {(100, 100)}


def test_too_few_latencies_are_not_compared() -> None:
    points = [(10.0 * n, 100.0) for n in range(30)]

    assert drift(points, from_seconds=0, until_seconds=300, allowance=ALLOWANCE) == []

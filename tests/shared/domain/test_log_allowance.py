"""How much of a flood is written down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.log_allowance import LogAllowance, is_noteworthy


def test_the_first_ten_are_worth_a_line_each_and_then_every_power_of_ten() -> None:
    worth = [count for count in range(1, 20_001) if is_noteworthy(before=count - 1, now=count)]

    assert worth == [*range(1, 11), 100, 1000, 10_000]


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_step_is_worth_a_line_if_any_count_within_it_is(before: int, step: int) -> None:
    within = any(is_noteworthy(before=count - 1, now=count) for count in range(before + 1, before + step + 1))

    assert is_noteworthy(before=before, now=before + step) is within


def test_a_minute_has_so_many_lines_and_the_next_one_tells_how_many_were_kept_back() -> None:
    allowance = LogAllowance(lines_per_minute=3)

    written = [allowance.admit(now=100.0) for _ in range(8)]

    assert written == [True] * 3 + [False] * 5
    assert allowance.admit(now=160.0)
    assert allowance.take_kept_back() == 5
    assert allowance.take_kept_back() == 0

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


def test_a_minute_has_so_many_lines_and_the_next_minute_as_many_again() -> None:
    allowance = LogAllowance(lines_per_minute=3)

    written = [allowance.admit(now=now) for now in (100.0,) * 5 + (160.0,) * 5]

    assert written == [True, True, True, False, False] * 2


def test_whoever_is_hit_when_no_lines_are_left_is_written_down_once() -> None:
    allowance = LogAllowance(lines_per_minute=1)
    allowance.admit(100.0)

    written = [allowance.admit(100.0, subject) for subject in ("call-1", "call-1", "call-2", "")]

    assert written == [True, False, True, False]


def test_who_is_hit_again_in_the_next_minute_is_written_down_again() -> None:
    allowance = LogAllowance(lines_per_minute=0)

    written = [allowance.admit(now, "call-1") for now in (100.0, 100.0, 160.0, 160.0)]

    assert written == [True, False, True, False]


def test_the_subjects_of_a_minute_are_bounded() -> None:
    allowance = LogAllowance(lines_per_minute=1, subjects_per_minute=10)

    written = [allowance.admit(100.0, f"call-{number}") for number in range(1000)]

    assert sum(written) == 10


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=300))
def test_every_line_is_written_or_told_of_exactly_once(steps: list[tuple[float, bool]]) -> None:
    allowance = LogAllowance(lines_per_minute=3)
    now, written, told = 0.0, 0, 0

    for seconds, is_asked in steps:
        now += seconds
        written += allowance.admit(now)
        told += allowance.take_left_out(now) if is_asked else 0
    told += allowance.take_left_out(now, is_last=True)

    assert written + told == len(steps)


def test_what_was_left_out_is_told_at_every_power_of_ten_and_when_the_minute_is_over() -> None:
    allowance = LogAllowance(lines_per_minute=0)
    told = []

    for _ in range(150):
        allowance.admit(100.0)
        told.append(allowance.take_left_out(100.0))

    assert [left_out for left_out in told if left_out] == [1, 9, 90]
    assert allowance.take_left_out(160.0) == 50

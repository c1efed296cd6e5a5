from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.voice.conversation import Exchange, Step
from benchmarks.voice.ear import Heard
from benchmarks.voice.figures import MOST_LATE_MS, ServerCost, percentile, percentile_of_counts, summarise
from benchmarks.voice.playback import NS_PER_MS

COST = ServerCost(cpu_seconds_per_call_minute=0.5, uss_mib=100.0, mib_per_call=0.2, threads=5, foreign_share=0.0)


def exchange(
    *, response_ms: int | None = 210, barge_in_ms: int | None = None, gap_ms: int = 0, step: Step = Step.ASK
) -> Exchange:
    heard = Heard(largest_gap_ns=gap_ms * NS_PER_MS)
    if response_ms is not None:
        heard.first_ns = (1000 + response_ms) * NS_PER_MS
    cleared_ns = None if barge_in_ms is None else barge_in_ms * NS_PER_MS
    interrupts = step is Step.INTERRUPT
    return Exchange(
        step=step, starts_ns=0, interrupts=interrupts, ends_ns=1000 * NS_PER_MS, cleared_ns=cleared_ns, heard=heard
    )


def level(exchanges: list[Exchange], *, late_ms: int = 0):
    return summarise(exchanges, calls=1, failed=[], accepts_ms=[5.0], late_ms=Counter({late_ms: 100}), cost=COST)


def test_percentiles_of_a_known_list():
    values = [float(number) for number in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([7.0], 0.95)) == (50, 95, 7)


def test_nothing_has_no_percentile():
    assert percentile([], 0.95) is None
    assert percentile_of_counts(Counter(), 0.99) == 0


@given(values=st.lists(st.integers(0, 500), min_size=1), share=st.floats(0.01, 1.0))
def test_counted_values_have_the_percentiles_of_the_values(values, share):
    assert percentile_of_counts(Counter(values), share) == percentile([float(value) for value in values], share)


def test_unanswered_questions_are_counted_and_do_not_enter_the_percentiles():
    figures = level([exchange(response_ms=210), exchange(response_ms=None)])

    assert (figures.responses, figures.unanswered, figures.response_p95) == (1, 1, 210)


def test_choppy_answers_are_a_share_of_the_answers():
    figures = level([exchange(gap_ms=41), exchange(gap_ms=40), exchange(response_ms=None)])

    assert figures.choppy_share == 0.5


def test_interruption_that_was_never_cleared_is_counted():
    figures = level(
        [exchange(step=Step.INTERRUPT, barge_in_ms=230), exchange(step=Step.INTERRUPT), exchange(step=Step.ASK)]
    )

    assert (figures.barge_ins, figures.not_cleared, figures.barge_in_p95) == (1, 1, 230)


@pytest.mark.parametrize(("late_ms", "is_valid"), [(MOST_LATE_MS, True), (MOST_LATE_MS + 1, False)])
def test_late_generator_makes_a_level_invalid(late_ms, is_valid):
    assert level([exchange()], late_ms=late_ms).is_valid is is_valid

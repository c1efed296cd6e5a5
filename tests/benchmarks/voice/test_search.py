from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.voice.figures import LevelFigures, ServerCost, summarise
from benchmarks.voice.search import judge, levels_to_try

COST = ServerCost(cpu_seconds_per_call_minute=0.5, uss_mib=100.0, mib_per_call=0.2, threads=5, foreign_share=0.0)
ALONE = replace(
    summarise([], calls=1, failed=[], accepts_ms=[], late_ms=Counter(), cost=COST), response_p95=210.0, responses=6
)


def search(*, capacity: int, first: int, most: int) -> tuple[int, list[int]]:
    tries = levels_to_try(first, most=most)
    tried = []
    try:
        level = next(tries)
        while True:
            tried.append(level)
            level = tries.send(level <= capacity)
    except StopIteration as end:
        return end.value, tried


@given(capacity=st.integers(0, 500), first=st.integers(1, 40), most=st.integers(1, 400))
def test_search_finds_a_level_that_holds_and_is_an_eighth_short_at_most(capacity, first, most):
    found, tried = search(capacity=capacity, first=first, most=most)

    assert found <= capacity
    reachable = min(capacity, most)
    assert reachable - found <= max(1, found // 8)
    assert len(tried) == len(set(tried)) <= 20


def test_level_like_one_call_alone_holds():
    assert judge(ALONE, alone=ALONE).holds


def judged(**changes: object) -> str:
    return judge(replace(ALONE, **changes), alone=ALONE).reason


def test_level_does_not_hold_when_a_call_failed():
    assert "1 calls failed: lost" in judged(failed=["lost"])


def test_level_does_not_hold_when_a_question_stayed_without_an_answer():
    assert "2 questions" in judged(unanswered=2)


def test_level_holds_up_to_50_ms_more_than_one_call():
    assert judged(response_p95=260.0) == ""
    assert "51 ms later" in judged(response_p95=261.0)


def test_level_holds_up_to_one_choppy_answer_in_a_hundred():
    assert judged(choppy_share=0.01) == ""
    assert "choppy" in judged(choppy_share=0.011)


def test_level_without_answers_does_not_hold():
    figures: LevelFigures = replace(ALONE, response_p95=None)

    assert not judge(figures, alone=ALONE).holds

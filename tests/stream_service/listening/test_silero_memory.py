from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_service.listening.silero_memory import Numbers, SileroMemory


def filled(*values: float) -> Numbers:
    """States of so many calls, each full of one value."""
    return np.stack([np.full((2, 128), value, dtype=np.float32) for value in values], axis=1)


def test_each_call_is_remembered_by_itself() -> None:
    memory = SileroMemory(places=4)
    first, second, third = memory.take(), memory.take(), memory.take()

    memory.remember([third, first], filled(3, 1))

    assert np.array_equal(memory.recall([first, second, third]), filled(1, 0, 3))


def test_new_call_in_an_old_place_starts_with_nothing() -> None:
    memory = SileroMemory(places=1)
    place = memory.take()
    memory.remember([place], filled(1))
    memory.give_back(place)

    assert np.array_equal(memory.recall([memory.take()]), filled(0))


def test_growing_keeps_what_is_remembered() -> None:
    memory = SileroMemory(places=1)
    first = memory.take()
    memory.remember([first], filled(1))

    others = [memory.take() for _ in range(4)]

    assert np.array_equal(memory.recall([first, *others]), filled(1, 0, 0, 0, 0))


@given(st.lists(st.integers(min_value=-1, max_value=9)))
def test_live_calls_never_share_a_place_and_none_is_lost(moves: list[int]) -> None:
    memory = SileroMemory(places=2)
    live: list[int] = []

    for move in moves:
        if move < 0 or move >= len(live):
            live.append(memory.take())
        else:
            memory.give_back(live.pop(move))

    assert len(set(live)) == len(live) == memory.taken
    for place in live:
        memory.give_back(place)
    assert memory.taken == 0

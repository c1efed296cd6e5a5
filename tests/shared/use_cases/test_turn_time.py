"""A turn keeps nobody waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from shared.errors import ModelUnavailable
from shared.use_cases.turn_time import LongestTurn, TurnTime


async def words(*said: str, then: asyncio.Event | None = None) -> AsyncGenerator[str, None]:
    for word in said:
        yield word
    if then is not None:
        await then.wait()


async def test_pieces_pass_as_they_come() -> None:
    assert [piece async for piece in TurnTime(60).bounded(words("a", "b"))] == ["a", "b"]


async def test_waiting_longer_than_is_left_ends_the_turn_and_stops_what_was_being_done() -> None:
    pieces = words("a", then=asyncio.Event())
    bounded = TurnTime(0.02).bounded(pieces)

    assert await anext(bounded) == "a"
    with pytest.raises(ModelUnavailable):
        await anext(bounded)
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_several_agents_share_the_time_of_a_turn() -> None:
    time_left = TurnTime(0.02)
    with pytest.raises(ModelUnavailable):
        [piece async for piece in time_left.bounded(words(then=asyncio.Event()))]

    with pytest.raises(ModelUnavailable):
        [piece async for piece in time_left.bounded(words(then=asyncio.Event()))]


async def test_the_time_in_which_words_are_spoken_is_nobodys_waiting() -> None:
    seconds = iter((0.0, 1.0, 500.0, 501.0))
    bounded = TurnTime(60, clock=lambda: next(seconds)).bounded(words("a", "b"))

    assert [await anext(bounded), await anext(bounded)] == ["a", "b"]


async def test_what_was_waited_is_gone() -> None:
    seconds = iter((0.0, 61.0, 61.0, 61.0))
    bounded = TurnTime(60, clock=lambda: next(seconds)).bounded(words("a", then=asyncio.Event()))

    assert await anext(bounded) == "a"
    with pytest.raises(ModelUnavailable):
        await anext(bounded)


def test_a_caller_waits_less_long_than_a_reader() -> None:
    longest = LongestTurn()

    assert longest.spoken_seconds < longest.written_seconds

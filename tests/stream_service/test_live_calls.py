"""Who is let in, and who is told that calls have come or gone."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import RateLimited
from stream_service.live_calls import LiveCalls


def test_no_more_calls_than_the_capacity_are_let_in() -> None:
    live_calls = LiveCalls(capacity=1)

    with live_calls.admit():
        with pytest.raises(RateLimited), live_calls.admit():
            pass
        assert live_calls.active == 1

    assert (live_calls.active, live_calls.admits) == (0, True)


def test_a_call_that_ends_in_an_error_is_counted_out() -> None:
    live_calls = LiveCalls(capacity=1)

    with pytest.raises(OSError, match="gone"), live_calls.admit():
        raise OSError("gone")

    assert live_calls.active == 0


def test_while_calls_are_held_off_those_in_progress_go_on() -> None:
    live_calls = LiveCalls(capacity=5)

    with live_calls.admit():
        live_calls.hold_off(is_on=True)
        with pytest.raises(RateLimited), live_calls.admit():
            pass
        assert live_calls.active == 1
    live_calls.hold_off(is_on=False)

    assert live_calls.admits


def test_a_process_that_drains_admits_none_even_if_calls_are_no_longer_held_off() -> None:
    live_calls = LiveCalls(capacity=5)

    live_calls.drain()
    live_calls.hold_off(is_on=False)

    assert not live_calls.admits


async def test_the_first_call_and_the_last_are_told() -> None:
    live_calls = LiveCalls(capacity=5)
    told = []

    async def watch() -> None:
        while True:
            await live_calls.changed()
            told.append(live_calls.active)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    with live_calls.admit():
        await asyncio.sleep(0)
        with live_calls.admit():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    watching.cancel()

    assert told == [1, 0]

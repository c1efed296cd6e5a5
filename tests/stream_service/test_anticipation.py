"""An answer that is begun before it is certain that the caller has finished."""

from __future__ import annotations

from dataclasses import replace

from tests.stream_service.served_call import MANNERS, REPLY, World, call

QUESTION = "When do you open?"


async def test_an_answer_begun_in_the_pause_is_the_answer_given() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(220)
        assert world.anticipated == [QUESTION]
        assert world.asked == []
        await caller.listen(2000)

    assert world.adopted == [QUESTION]
    assert [delivery.text for delivery in world.delivered] == [REPLY]
    assert world.anticipated == [QUESTION]


async def test_nothing_is_heard_of_it_before_the_turn_is_over() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(280)

        assert not caller.hears_something


async def test_a_caller_who_goes_on_is_answered_anew() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(240)
        await caller.speak(500)
        await caller.listen(2500)

    assert len(world.anticipated) == 2
    assert len(world.adopted) == 1
    assert len(world.delivered) == 1


async def test_it_can_be_switched_off() -> None:
    world = World()

    async with call(world, manners=replace(MANNERS, anticipates=False)) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2500)

    assert world.anticipated == []
    assert [delivery.text for delivery in world.delivered] == [REPLY]


async def test_a_caller_who_hangs_up_in_the_pause_leaves_nothing_behind() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(240)

    assert world.asked == []
    assert world.delivered == []

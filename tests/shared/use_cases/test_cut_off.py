"""A turn that is cut off by the end of its worker's time: nothing is sent twice, nothing is left undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.errors import AlreadyClaimed, LeaseLost
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House


class SlowChannel(FakeTextChannel):
    """A provider that takes the text and answers late, or takes it late."""

    def __init__(self, *, takes_it_first: bool) -> None:
        super().__init__(can_tell=True)
        self.reached = asyncio.Event()
        self.answer = asyncio.Event()
        self._takes_it_first = takes_it_first

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        if self._takes_it_first:
            delivery = await super().deliver(recipient, reply)
            self.reached.set()
            await self.answer.wait()
            return delivery
        self.reached.set()
        await self.answer.wait()
        return await super().deliver(recipient, reply)


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.mark.parametrize("takes_it_first", [True, False])
async def test_a_reply_cut_off_at_the_provider_arrives_once(house: House, *, takes_it_first: bool) -> None:
    channel, message = SlowChannel(takes_it_first=takes_it_first), a_message()
    turn = asyncio.create_task(house.answer(message, channel))
    await channel.reached.wait()
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    channel.answer.set()

    house.clock.advance(seconds=LEASE_SECONDS + 1)
    await house.answer(message, channel)

    assert len(channel.accepted) == 1
    assert [row.state for row in house.rows.messages if row.state is not None] == ["done"]


async def test_the_lease_of_a_turn_that_was_cut_off_is_kept_so_that_the_provider_can_tell(house: House) -> None:
    channel, message = SlowChannel(takes_it_first=True), a_message()
    turn = asyncio.create_task(house.answer(message, channel))
    await channel.reached.wait()

    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)

    with pytest.raises(AlreadyClaimed) as refused:
        await house.answer(message, channel)
    assert refused.value.retry_after_seconds == LEASE_SECONDS + 1


async def test_a_worker_that_slept_through_its_lease_does_not_note_what_another_has_answered(house: House) -> None:
    channel, message = SlowChannel(takes_it_first=True), a_message()
    sleeper = asyncio.create_task(house.answer(message, channel))
    await channel.reached.wait()
    house.clock.advance(seconds=LEASE_SECONDS + 1)

    channel.answer.set()
    await house.answer(message, channel)
    (outcome,) = await asyncio.gather(sleeper, return_exceptions=True)

    assert isinstance(outcome, LeaseLost)
    assert len(channel.accepted) == 1
    assert len(house.replies) == 1

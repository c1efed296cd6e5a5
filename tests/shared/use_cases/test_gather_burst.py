"""Waiting for the rest of a thought, where an agent wants it so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.agent import ActiveAgent
from shared.domain.burst import Gathering
from shared.domain.message import InboundItem, MessageKind
from shared.errors import StoreUnavailable
from shared.use_cases.gather_burst import KNOWN_FOR, GatherBurst
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down, Faults
from tests.fakes.stores import FakeActiveAgentStore, FakeAgentStore
from tests.samples import NOON, a_message, a_status
from tests.shared.use_cases.house import RULES, an_agent

SINGLY = Gathering(size=1, wait_seconds=0)


class Reception:
    """The default agent waits for four seconds, the one for bills does not."""

    def __init__(self, clock: FrozenClock, *, patience_seconds: int = 4) -> None:
        self.clock = clock
        clock.now = NOON
        self.faults = Faults()
        agents = (an_agent("billing"), an_agent("reception", coalesce_seconds=patience_seconds))
        self.store = FakeAgentStore(agents, RULES)
        self.agents: Any = self.faults.wrap(self.store, "agents")
        self.active: Any = self.faults.wrap(FakeActiveAgentStore(clock), "active")

    def gather(self) -> GatherBurst:
        """The use case over the stores as they are now."""
        return GatherBurst(self.agents, self.active, self.clock)


@pytest.fixture
def reception(clock: FrozenClock) -> Reception:
    return Reception(clock)


async def test_the_rest_of_a_thought_is_waited_for(reception: Reception) -> None:
    gathering = await reception.gather()([a_message(), a_message()])

    assert gathering == Gathering(size=2, wait_seconds=4)


async def test_what_was_waited_in_the_queue_counts(reception: Reception) -> None:
    reception.clock.now = NOON + timedelta(seconds=2.5)

    assert await reception.gather()([a_message()]) == Gathering(size=1, wait_seconds=2)


async def test_a_thought_that_had_its_time_is_answered_as_one(reception: Reception) -> None:
    reception.clock.now = NOON + timedelta(seconds=4)

    assert await reception.gather()([a_message(), a_message()]) == Gathering(size=2, wait_seconds=0)


async def test_a_message_from_the_future_is_not_waited_for_any_longer(reception: Reception) -> None:
    message = a_message(received_at=NOON + timedelta(hours=1))

    assert await reception.gather()([message]) == Gathering(size=1, wait_seconds=4)


@pytest.mark.parametrize("end", [a_message(kind=MessageKind.IMAGE), a_message(text="stop")])
async def test_what_follows_and_is_no_part_of_it_ends_a_thought(reception: Reception, end: InboundItem) -> None:
    gathering = await reception.gather()([a_message(), a_message(), end])

    assert gathering == Gathering(size=2, wait_seconds=0)


async def test_an_agent_who_does_not_wait_answers_each_message(reception: Reception) -> None:
    assert await reception.gather()([a_message(text="My invoice"), a_message()]) == SINGLY


async def test_the_agent_who_serves_the_user_now_decides(reception: Reception) -> None:
    message = a_message()
    await reception.active.save(
        message.key, ActiveAgent(agent_id="billing", agent_version=1, since=NOON), read_version=0
    )

    assert await reception.gather()([message, a_message()]) == SINGLY


async def test_where_no_agent_waits_nothing_is_looked_up_but_the_agents_and_those_not_often(
    clock: FrozenClock,
) -> None:
    reception = Reception(clock, patience_seconds=0)
    gather = reception.gather()

    assert [await gather([a_message(), a_message()]) for _ in range(5)] == [SINGLY] * 5

    assert reception.faults.calls == ["agents.current"]


async def test_agents_are_read_once_for_all_who_ask_at_the_same_time(reception: Reception) -> None:
    gather = reception.gather()

    await asyncio.gather(*(gather([a_message()]) for _ in range(5)))

    assert reception.faults.calls.count("agents.current") == 1


async def test_a_change_of_the_waiting_time_is_noticed_soon(clock: FrozenClock) -> None:
    reception = Reception(clock, patience_seconds=0)
    gather = reception.gather()
    await gather([a_message()])

    reception.store.agents = [an_agent("reception", coalesce_seconds=4)]
    clock.now += KNOWN_FOR + timedelta(seconds=1)

    assert (await gather([a_message(received_at=clock.now)])).wait_seconds == 4


async def test_a_status_needs_no_look_at_anything(reception: Reception) -> None:
    assert await reception.gather()([a_status()]) == SINGLY

    assert reception.faults.calls == []


@pytest.mark.parametrize("broken", ["agents", "active"])
async def test_what_cannot_be_looked_up_is_answered_at_once_and_singly(reception: Reception, broken: str) -> None:
    setattr(reception, broken, Down(StoreUnavailable("down")))

    assert await reception.gather()([a_message(), a_message()]) == SINGLY

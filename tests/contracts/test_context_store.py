"""What every ContextStore and every ActiveAgentStore promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.redis.active_agents import RedisActiveAgentStore
from shared.adapters.redis.context import RedisContextStore
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus, Speaker, Turn
from shared.ports.stores import ActiveAgentStore, ContextStore
from tests.contracts.conftest import REAL
from tests.fakes.stores import FakeActiveAgentStore, FakeContextStore

NOW = datetime(2026, 3, 2, 9, 30, 1, 250, tzinfo=UTC)
RECEPTION = ActiveAgent(agent_id="reception", agent_version=1, since=NOW)
BILLING = ActiveAgent(agent_id="billing", agent_version=1, since=NOW)
KEYS = [
    ConversationKey(channel="whatsapp", user_id="919800000001"),
    ConversationKey(channel="voice", user_id="919800000001"),
    ConversationKey(channel="whatsapp", user_id="}{ IN.123:x\n\udc00 नमस्ते"),
    ConversationKey(channel="whatsapp", user_id="x" * 5000),
]


@pytest.fixture(params=["fake", REAL])
def context(request: pytest.FixtureRequest, clock: Any) -> ContextStore:
    if request.param == "fake":
        return FakeContextStore(clock)
    return RedisContextStore(request.getfixturevalue("cache"))


@pytest.fixture(params=["fake", REAL])
def active_agents(request: pytest.FixtureRequest, clock: Any) -> ActiveAgentStore:
    if request.param == "fake":
        return FakeActiveAgentStore(clock)
    return RedisActiveAgentStore(request.getfixturevalue("cache"))


def conversation(key: ConversationKey, text: str = "When do you open?") -> Conversation:
    turns = (
        Turn(speaker=Speaker.USER, text=text, at=NOW),
        Turn(speaker=Speaker.AGENT, text="At nine.", at=NOW, agent_id="reception", interrupted=True),
    )
    return Conversation(id="c-1", key=key, status=ConversationStatus.HUMAN, turns=turns)


@pytest.mark.requirement("11.3")
async def test_a_conversation_comes_back_as_it_was_saved(context: ContextStore) -> None:
    kept = conversation(KEYS[0])

    await context.save(conversation(KEYS[0], "Older words"))
    await context.save(kept)

    assert await context.load(KEYS[0]) == kept


async def test_what_was_never_saved_is_not_there(context: ContextStore) -> None:
    assert await context.load(KEYS[0]) is None


@pytest.mark.requirement("1.4")
async def test_each_user_of_each_channel_has_a_context_of_its_own(context: ContextStore) -> None:
    keys = KEYS if isinstance(context, FakeContextStore) else [*KEYS[:2], KEYS[3]]
    for key in keys:
        await context.save(conversation(key, f"words of {key.channel} {len(key.user_id)}"))

    for key in keys:
        kept = await context.load(key)
        assert kept is not None
        assert kept.turns[0].text == f"words of {key.channel} {len(key.user_id)}"


async def test_a_forgotten_conversation_is_gone(context: ContextStore) -> None:
    await context.save(conversation(KEYS[0]))

    await context.forget(KEYS[0])
    await context.forget(KEYS[1])

    assert await context.load(KEYS[0]) is None


@pytest.mark.requirement("3.5")
async def test_the_active_agent_is_the_one_noted_last(active_agents: ActiveAgentStore) -> None:
    billing = replace(BILLING, agent_version=3)

    assert await active_agents.load(KEYS[0]) is None
    assert await active_agents.save(KEYS[0], RECEPTION, read_version=0)
    assert await active_agents.save(KEYS[0], billing, read_version=1)

    assert await active_agents.load(KEYS[0]) == replace(billing, version=2)
    assert await active_agents.load(KEYS[1]) is None


@pytest.mark.requirement("3.5")
@pytest.mark.parametrize("read_version", [0, 2])
async def test_who_read_another_version_changes_nothing(active_agents: ActiveAgentStore, read_version: int) -> None:
    await active_agents.save(KEYS[0], RECEPTION, read_version=0)

    assert not await active_agents.save(KEYS[0], BILLING, read_version=read_version)

    assert await active_agents.load(KEYS[0]) == replace(RECEPTION, version=1)


async def test_of_many_who_read_the_same_version_one_wins(active_agents: ActiveAgentStore) -> None:
    agents = [ActiveAgent(agent_id=f"agent-{number}", agent_version=1, since=NOW) for number in range(20)]

    won = await asyncio.gather(*(active_agents.save(KEYS[0], agent, read_version=0) for agent in agents))

    (winner,) = (agent for agent, has_won in zip(agents, won, strict=True) if has_won)
    assert await active_agents.load(KEYS[0]) == replace(winner, version=1)


async def test_who_read_what_is_forgotten_by_now_changes_nothing(active_agents: ActiveAgentStore) -> None:
    assert not await active_agents.save(KEYS[0], RECEPTION, read_version=3)

    assert await active_agents.load(KEYS[0]) is None


async def test_hand_overs_are_kept_to_the_microsecond(active_agents: ActiveAgentStore) -> None:
    moments = tuple(NOW + timedelta(microseconds=step) for step in range(20))

    await active_agents.save(KEYS[0], replace(RECEPTION, hand_overs=moments), read_version=0)

    kept = await active_agents.load(KEYS[0])
    assert kept is not None
    assert kept.hand_overs == moments

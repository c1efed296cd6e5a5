"""What every ContextStore and every ActiveAgentStore promises."""

from __future__ import annotations

from datetime import UTC, datetime
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
    billing = ActiveAgent(agent_id="billing", agent_version=3, since=NOW)

    assert await active_agents.load(KEYS[0]) is None
    await active_agents.save(KEYS[0], ActiveAgent(agent_id="reception", agent_version=1, since=NOW))
    await active_agents.save(KEYS[0], billing)

    assert await active_agents.load(KEYS[0]) == billing
    assert await active_agents.load(KEYS[1]) is None

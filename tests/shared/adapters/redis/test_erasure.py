"""Forgetting a user in the cache: keys of every kind, and the recent updates."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.redis.active_agents import RedisActiveAgentStore
from shared.adapters.redis.context import RedisContextStore
from shared.adapters.redis.counters import RedisConnectionCounter, RedisRateCounter
from shared.adapters.redis.erasure import RedisUserCaches
from shared.adapters.redis.updates import UPDATES_STREAM, RedisEventPublisher
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus
from shared.domain.event import EventType, PlatformEvent
from tests.samples import NOON

pytestmark = pytest.mark.integration
USER, OTHER = "919845012345", "919845012346"
CALL = f"CA{USER}"
KEYS = tuple(ConversationKey(channel=channel, user_id=USER) for channel in ("voice", "whatsapp"))


async def fill(cache: Any, user_id: str) -> None:
    """Whatever the platform remembers of a user."""
    for channel in ("voice", "whatsapp"):
        key = ConversationKey(channel=channel, user_id=user_id)
        conversation = Conversation(id=f"c-{user_id}", key=key, status=ConversationStatus.OPEN, turns=())
        await RedisContextStore(cache).save(conversation)
        await RedisActiveAgentStore(cache).save(
            key, ActiveAgent(agent_id="reception", agent_version=1, since=NOON), read_version=0
        )
        await RedisRateCounter(cache).admit(str(key), limit=100, window_seconds=60)
        for _ in range(600 if channel == "whatsapp" else 1):
            await RedisEventPublisher(cache).publish(
                PlatformEvent(type=EventType.MESSAGE_SENT, at=NOON, conversation_id=conversation.id, key=key, data={})
            )
    await RedisRateCounter(cache).admit(f"outbound-call:{user_id}", limit=100, window_seconds=60)
    await RedisRateCounter(cache).hit(f"recover:CA{user_id}", window_seconds=300)
    await RedisConnectionCounter(cache).take(user_id, "slot", limit=3, ttl_seconds=60, holder="task")


async def remembered(cache: Any, user_id: str) -> list[str]:
    names = [name.decode() async for name in cache.scan_iter(match="*")]
    updates = await cache.xrange(UPDATES_STREAM)
    return [name for name in names if user_id in name] + [str(entry) for entry in updates if user_id in str(entry)]


async def test_nothing_of_the_user_is_remembered_and_all_of_another_user(cache: Any) -> None:
    await fill(cache, OTHER)
    before = await remembered(cache, OTHER)
    await fill(cache, USER)

    counts = await RedisUserCaches(cache).erase(KEYS, [CALL], is_dry_run=False)

    assert await remembered(cache, USER) == []
    assert await remembered(cache, OTHER) == before
    # Context, agent and rate of both channels, of calls to the user and of reconnections, the slot and its holder.
    assert (counts["keys"], counts["updates"]) == (10, 601)


async def test_a_dry_run_forgets_nothing(cache: Any) -> None:
    await fill(cache, USER)
    before = await remembered(cache, USER)

    counts = await RedisUserCaches(cache).erase(KEYS, [CALL], is_dry_run=True)

    assert (counts["keys"], counts["updates"]) == (10, 601)
    assert await remembered(cache, USER) == before


async def test_forgetting_again_finds_nothing(cache: Any) -> None:
    assert (await RedisUserCaches(cache).erase(KEYS, [CALL], is_dry_run=False)).total() == 0

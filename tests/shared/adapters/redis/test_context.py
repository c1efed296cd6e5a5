"""How the cache keeps contexts and active agents, seen from the cluster."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.redis.active_agents import RedisActiveAgentStore, WatchedActiveAgents
from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.context import RedisContextStore
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, ConversationKey
from shared.errors import StoreUnavailable

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
CONVERSATION = Conversation(id="c-1", key=KEY)
AGENT = ActiveAgent(agent_id="billing", agent_version=1, since=datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.integration
@pytest.mark.requirement("11.4")
async def test_a_context_lives_for_thirty_minutes_after_each_use(cache: Any) -> None:
    store = RedisContextStore(cache)
    await store.save(CONVERSATION)
    assert 1795 <= await cache.ttl("ctx:{whatsapp:919800000001}") <= 1800
    await cache.expire("ctx:{whatsapp:919800000001}", 5)

    await store.load(KEY)

    assert 1795 <= await cache.ttl("ctx:{whatsapp:919800000001}") <= 1800


@pytest.mark.integration
@pytest.mark.requirement("3.5")
async def test_an_active_agent_lives_for_thirty_minutes_after_each_use(cache: Any) -> None:
    store = RedisActiveAgentStore(cache)
    await store.save(KEY, AGENT, read_version=0)
    assert 1795 <= await cache.ttl("agent:{whatsapp:919800000001}") <= 1800
    await cache.expire("agent:{whatsapp:919800000001}", 5)

    await store.load(KEY)

    assert 1795 <= await cache.ttl("agent:{whatsapp:919800000001}") <= 1800


@pytest.mark.integration
async def test_whoever_only_looks_at_an_active_agent_prolongs_nothing(cache: Any) -> None:
    await RedisActiveAgentStore(cache).save(KEY, AGENT, read_version=0)
    await cache.expire("agent:{whatsapp:919800000001}", 50)

    seen = await WatchedActiveAgents(cache).load(KEY)

    assert seen == replace(AGENT, version=1)
    assert 0 < await cache.ttl("agent:{whatsapp:919800000001}") <= 50


@pytest.mark.integration
@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"version":1}', b"\xff", b'{"version":2,"conversation":null}'])
async def test_a_value_that_cannot_be_read_is_as_good_as_none(cache: Any, value: bytes) -> None:
    await cache.set("ctx:{whatsapp:919800000001}", value)
    await cache.set("agent:{whatsapp:919800000001}", value)

    assert await RedisContextStore(cache).load(KEY) is None
    assert await RedisActiveAgentStore(cache).load(KEY) is None


@pytest.mark.integration
@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"7", b"\xff", b'{"version":null}', b'{"agent_id":"billing"}'])
async def test_an_active_agent_that_cannot_be_read_is_written_over(cache: Any, value: bytes) -> None:
    await cache.set("agent:{whatsapp:919800000001}", value)
    store = RedisActiveAgentStore(cache)

    assert await store.save(KEY, AGENT, read_version=0)

    assert await store.load(KEY) == replace(AGENT, version=1)


@pytest.mark.integration
async def test_each_change_of_an_active_agent_prolongs_its_life(cache: Any) -> None:
    store = RedisActiveAgentStore(cache)
    await store.save(KEY, AGENT, read_version=0)
    await cache.expire("agent:{whatsapp:919800000001}", 5)

    await store.save(KEY, AGENT, read_version=1)

    assert 1795 <= await cache.ttl("agent:{whatsapp:919800000001}") <= 1800


@pytest.mark.integration
async def test_a_change_that_comes_too_late_prolongs_nothing(cache: Any) -> None:
    store = RedisActiveAgentStore(cache)
    await store.save(KEY, AGENT, read_version=0)
    await cache.expire("agent:{whatsapp:919800000001}", 5)

    assert not await store.save(KEY, AGENT, read_version=0)

    assert await cache.ttl("agent:{whatsapp:919800000001}") <= 5


@pytest.mark.integration
async def test_a_context_of_another_version_is_as_good_as_none(cache: Any) -> None:
    store = RedisContextStore(cache)
    await store.save(CONVERSATION)
    value = await cache.get("ctx:{whatsapp:919800000001}")
    await cache.set("ctx:{whatsapp:919800000001}", value.replace(b'"version":1', b'"version":2'))

    assert await store.load(KEY) is None


async def test_a_cache_that_is_gone_is_unavailable() -> None:
    client = connect_cluster("redis://127.0.0.1:1")
    store = RedisContextStore(client)

    with pytest.raises(StoreUnavailable):
        await store.load(KEY)
    with pytest.raises(StoreUnavailable):
        await store.save(CONVERSATION)

    await client.aclose()

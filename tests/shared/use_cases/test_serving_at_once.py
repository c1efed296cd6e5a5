"""A hundred users, two tasks, turns in any order of their steps: no change of who serves is lost in the real cache."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.adapters.redis.active_agents import RedisActiveAgentStore
from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.keys import key_of
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.hand_over import HAND_OVERS_LATELY, HAND_OVERS_PER_TURN
from shared.domain.prompt import HandOver, ModelPiece, Prompt, TextPiece
from shared.domain.serving import HAND_OVERS_KEPT, SERVED_FOR, lately_handed_over
from shared.errors import StoreUnavailable
from shared.use_cases.orchestrator import Orchestrator
from tests.fakes.stores import FakeAgentStore
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House, an_agent

pytestmark = [pytest.mark.integration, pytest.mark.requirement("3.5")]
AGENTS = ("appointments", "billing", "reception", "tech")
TASKS = 2
TURNS_PER_TASK = 4
KEYS = [ConversationKey(channel="whatsapp", user_id=f"9198{number:08}") for number in range(100)]


class Time:
    """Goes on with every look at it, now and then by minutes, so that no two moments are the same."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.next = NOON

    def __call__(self) -> datetime:
        now = self.next
        pause = timedelta(minutes=2 * self._dice.random()) if self._dice.random() < 0.02 else timedelta()
        self.next = now + timedelta(microseconds=1) + pause
        return now


class Steps:
    """Lets the turns go on one step at a time, in the order that the dice say."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._waiting: list[tuple[asyncio.Event, asyncio.Event]] = []

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Wait for the next step, and make it while all others wait."""
        begins, ends = asyncio.Event(), asyncio.Event()
        self._waiting.append((begins, ends))
        await begins.wait()
        try:
            yield
        finally:
            ends.set()

    async def play(self, turns: asyncio.Future[Any]) -> None:
        """Until all turns are over."""
        while not turns.done():
            await asyncio.sleep(0)
            if self._waiting:
                begins, ends = self._waiting.pop(self._dice.randrange(len(self._waiting)))
                begins.set()
                await ends.wait()
        await turns


@dataclass
class SteppedStore:
    """A store each of whose operations is a step."""

    store: Any
    steps: Steps

    async def load(self, key: ConversationKey) -> Any:
        async with self.steps.mine():
            return await self.store.load(key)

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> Any:
        async with self.steps.mine():
            return await self.store.save(key, agent, read_version=read_version)


@dataclass
class WatchedStore:
    """A store of which is known for whom it gave no answer: what it did not promise to keep is not lost."""

    store: Any
    refused: set[ConversationKey]

    async def load(self, key: ConversationKey) -> Any:
        return await self._answer(key, self.store.load(key))

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> Any:
        return await self._answer(key, self.store.save(key, agent, read_version=read_version))

    async def _answer(self, key: ConversationKey, operation: Awaitable[Any]) -> Any:
        try:
            return await operation
        except StoreUnavailable:
            self.refused.add(key)
            raise


class LastWriterWins(RedisActiveAgentStore):
    """The same store without the comparison."""

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> bool:
        """Write over whatever is there."""
        await self._client.set(key_of("agent", str(key)), msgspec.json.encode(agent), ex=self._ttl_seconds)
        return True


class Guide:
    """A model that hands over along the way that the question names: "billing>tech" is by billing to tech."""

    reads: dict[str, int] = {}  # noqa: RUF012 - a model that reads nothing but words.

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        way = prompt.question.split(">")
        place = way.index(prompt.agent.id) + 1 if prompt.agent.id in way else 0
        if place < len(way) and way[place] in AGENTS:
            yield HandOver(target=way[place], reason="asked for", summary="on the way")
            return
        yield TextPiece(text="Here I am.")


@dataclass(frozen=True)
class Ended:
    """A turn as it ended."""

    at: datetime
    agent_id: str
    hand_overs: tuple[datetime, ...]


@dataclass
class Town:
    """Users whose turns go through one or the other task, and what is known of those that ended."""

    tasks: list[Orchestrator]
    time: Time
    dice: random.Random
    ended: dict[ConversationKey, list[Ended]] = field(default_factory=dict)

    async def turns(self, key: ConversationKey, task: Orchestrator) -> None:
        """What a user says that reaches one of the tasks, one after the other."""
        for _ in range(TURNS_PER_TASK):
            await self.turn(key, task)

    async def turn(self, key: ConversationKey, task: Orchestrator) -> None:
        """One turn of a user."""
        way = self.dice.sample(AGENTS, self.dice.choice([0, 0, 1, 1, 2, 4]))
        conversation = Conversation(id=key.user_id, key=key)
        message = a_message(user_id=key.user_id, text=">".join(way) or "hello")
        reply = task.reply(conversation, message, is_spoken=False)
        assert [chunk async for chunk in reply.chunks]
        assert reply.active is not None
        here = reply.active.hand_overs
        assert len(here) <= HAND_OVERS_PER_TURN
        assert not here or len(here) + len(lately_handed_over(reply.before, here[0])) <= HAND_OVERS_LATELY
        ended = Ended(at=self.time.next, agent_id=reply.active.agent_id, hand_overs=here)
        self.ended.setdefault(key, []).append(ended)
        # Reads the time first of all.
        await task.keep_active(conversation, reply)

    def expected(self, key: ConversationKey) -> tuple[str, datetime, tuple[datetime, ...]]:
        """Who serves the user by all turns that ended, since when, and after which hand-overs."""
        latest = max(self.ended[key], key=lambda turn: turn.at)
        moments = sorted(moment for turn in self.ended[key] for moment in turn.hand_overs)
        recent = [moment for moment in moments if latest.at - moment < SERVED_FOR]
        return latest.agent_id, latest.at, tuple(recent[-HAND_OVERS_KEPT:])


@pytest.fixture
async def clients(cache: Any, cache_url: str) -> AsyncIterator[list[Any]]:
    """A client of the empty cluster for each task, patient enough for a machine that does other things as well."""
    clients = [connect_cluster(cache_url, socket_timeout_seconds=2) for _ in range(TASKS)]
    for client in clients:
        await connect_to_every_shard(client)
    yield clients
    for client in clients:
        await client.aclose()


def orchestrator(store: Any, time: Any) -> Orchestrator:
    house = House(time)
    house.active = store
    house.embedder = None
    house.model = Guide()
    house.agents = FakeAgentStore([an_agent(name) for name in AGENTS])
    return house.orchestrator


async def lost_updates(stores: list[Any], seed: int, *, stepped: bool) -> list[ConversationKey]:
    """Let all users have their turns; those for whom the cache ends with something else than happened."""
    dice = random.Random(seed)
    time, steps = Time(dice), Steps(dice)
    refused: set[ConversationKey] = set()
    watched = [WatchedStore(store, refused) for store in stores]
    seen = [SteppedStore(store, steps) for store in watched] if stepped else watched
    town = Town(tasks=[orchestrator(store, time) for store in seen], time=time, dice=dice)
    together = asyncio.gather(*(town.turns(key, task) for key in KEYS for task in town.tasks))
    await (steps.play(together) if stepped else together)
    lost = []
    assert len(refused) < len(KEYS) / 10
    for key in (key for key in KEYS if key not in refused):
        kept = await stores[0].load(key)
        if (kept.agent_id, kept.since, kept.hand_overs) != town.expected(key):
            lost.append(key)
    assert sum(len(ended.hand_overs) for each in town.ended.values() for ended in each) > len(KEYS)
    return lost


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_the_order_of_their_steps_no_turn_undoes_another(clients: list[Any], seed: int) -> None:
    assert await lost_updates([RedisActiveAgentStore(client) for client in clients], seed, stepped=True) == []


async def test_two_tasks_that_really_run_at_once_undo_nothing_of_each_other(clients: list[Any]) -> None:
    assert await lost_updates([RedisActiveAgentStore(client) for client in clients], 4, stepped=False) == []


async def test_without_the_comparison_the_same_turns_lose_updates(clients: list[Any]) -> None:
    assert await lost_updates([LastWriterWins(client) for client in clients], 1, stepped=True)

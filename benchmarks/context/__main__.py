"""Command line: `python -m benchmarks.context`.

Starts a PostgreSQL server and a cache cluster of its own, gives each of 100 users a conversation of 40 turns, and lets
them all write once a second. Measured is what a turn waits for its conversation, from the moment at which the message
came: out of the cache, rebuilt from the database after the cache lost it, and by a peer that reads the database every
time, as platforms do that have no cache.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from local.databases import start_postgres, start_valkey_cluster
from shared import observability
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.migrate import upgrade
from shared.adapters.postgres.schema import conversations, messages, users
from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.context import RedisContextStore
from shared.domain.conversation import CONTEXT_TURNS, ConversationKey
from shared.use_cases.recall_conversation import RecallConversation

P50_MS, P99_MS = 5.0, 50.0
POOL_SIZE = 20
_WORDS = "Is the doctor in on Monday at half past ten, and may I bring the report of June along? रिपोर्ट साथ में लाऊँ?"
Read = Callable[[ConversationKey], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds that turns waited, sorted."""

    waits_ms: Sequence[float]

    def at(self, percent: float) -> float:
        """The time that so many percent of the turns did not wait longer than."""
        return self.waits_ms[min(len(self.waits_ms) - 1, int(len(self.waits_ms) * percent / 100))]

    @property
    def row(self) -> str:
        """Their columns of the table."""
        shown = [f"{self.at(percent):.1f}" for percent in (50, 95, 99, 100)]
        return " | ".join([str(len(self.waits_ms)), *shown])


async def measure(read: Read, keys: Sequence[ConversationKey], *, rounds: int, spread_seconds: float) -> Figures:
    """Begin a turn of every user `rounds` times, each at a moment of its own within `spread_seconds` (0: at once)."""
    dice = random.Random(1)  # noqa: S311 - the same moments in every run.
    waits: list[float] = []

    async def one(key: ConversationKey, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await read(key)
        # Since it was due: a program that is too busy to begin lets the user wait as well.
        waits.append((time.perf_counter() - due) * 1000)

    for _ in range(rounds):
        begin = time.perf_counter() + 0.05
        moments = [begin + spread_seconds * dice.random() for _ in keys]
        await asyncio.gather(*(one(key, due) for key, due in zip(keys, moments, strict=True)))
    return Figures(waits_ms=sorted(waits))


def fill(connection: Connection, keys: Sequence[ConversationKey]) -> dict[ConversationKey, str]:
    """Write the conversations; the id of each."""
    ids = {key: new_id() for key in keys}
    now = datetime.now(UTC)
    connection.execute(insert(users), [{"channel": key.channel, "user_id": key.user_id} for key in keys])
    connection.execute(
        insert(conversations),
        [
            {"id": id_, "status": "open", "started_at": now, "last_message_at": now, **_named(key)}
            for key, id_ in ids.items()
        ],
    )
    connection.execute(insert(messages), [row for key, id_ in ids.items() for row in _turns(key, id_, now)])
    return ids


def _turns(key: ConversationKey, conversation_id: str, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(CONTEXT_TURNS):
        is_answer = bool(number % 2)
        yield {
            "id": new_id(),
            "conversation_id": conversation_id,
            **_named(key),
            "direction": "outbound" if is_answer else "inbound",
            "speaker": "agent" if is_answer else "user",
            "kind": "text",
            "text": f"{number}. {_WORDS}",
            "sent_at": now - timedelta(seconds=CONTEXT_TURNS - number),
            "state": None if is_answer else "done",
            "agent_id": "reception" if is_answer else None,
        }


def _named(key: ConversationKey) -> dict[str, str]:
    return {"channel": key.channel, "user_id": key.user_id}


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """The addresses of a database with our tables and of a cache cluster, both empty, for as long as needed."""
    with tempfile.TemporaryDirectory() as directory:
        postgres = start_postgres(Path(directory) / "postgres")
        try:
            upgrade(postgres.url)
            cluster = start_valkey_cluster(Path(directory) / "valkey")
            try:
                yield postgres.url, cluster.url
            finally:
                cluster.stop()
        finally:
            postgres.stop()


async def run(database_url: str, cache_url: str, *, user_count: int, rounds: int) -> int:
    """Measure and print; 1 if the cache is slower than it must be."""
    database, client = Database(database_url, pool_size=POOL_SIZE), connect_cluster(cache_url)
    keys = [ConversationKey(channel="whatsapp", user_id=f"9198{number:08}") for number in range(user_count)]
    ids = await database.run(lambda connection: fill(connection, keys))
    contexts, history = RedisContextStore(client), PostgresHistoryStore(database)
    recall = RecallConversation(contexts, history, lambda: datetime.now(UTC))

    async def remembered(key: ConversationKey) -> None:
        assert len((await recall(key, ids[key])).turns) == CONTEXT_TURNS

    async def naively(key: ConversationKey) -> None:
        conversation = await history.load_conversation(key)
        assert conversation is not None
        assert len(conversation.turns) == CONTEXT_TURNS

    try:
        await connect_to_every_shard(client)
        print("| context of 40 turns | reads | p50 | p95 | p99 | longest |\n|---|---:|---:|---:|---:|---:|")
        # Connections of the pool are made here, and what every user has is put into the cache.
        await measure(remembered, keys, rounds=1, spread_seconds=1)
        await measure(naively, keys, rounds=2, spread_seconds=0)
        cached = await measure(remembered, keys, rounds=rounds, spread_seconds=1)
        print(f"| from the cache, 100 turns a second | {cached.row} |", flush=True)
        naive = await measure(naively, keys, rounds=rounds, spread_seconds=1)
        print(f"| the peer, from the database every time | {naive.row} |", flush=True)
        waits: list[float] = []
        for _ in range(rounds):
            for key in keys:
                await contexts.forget(key)
            waits += (await measure(remembered, keys, rounds=1, spread_seconds=1)).waits_ms
        rebuilt = Figures(waits_ms=sorted(waits))
        print(f"| rebuilt after the cache lost it | {rebuilt.row} |", flush=True)
        at_once = await measure(remembered, keys, rounds=rounds, spread_seconds=0)
        print(f"| from the cache, all users in the same instant | {at_once.row} |", flush=True)
        naive_at_once = await measure(naively, keys, rounds=rounds, spread_seconds=0)
        print(f"| the peer, all users in the same instant | {naive_at_once.row} |", flush=True)
    finally:
        await client.aclose()
        await database.close()
    print(f"\nLoad average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return int(cached.at(50) > P50_MS or cached.at(99) > P99_MS)


def main(arguments: list[str]) -> int:
    """Start the servers, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.context", description=__doc__)
    parser.add_argument("--users", type=int, default=100, help="who write at the same time (%(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="messages of each user in each row (%(default)s)")
    chosen = parser.parse_args(arguments)
    with servers() as (database_url, cache_url):
        return asyncio.run(run(database_url, cache_url, user_count=chosen.users, rounds=chosen.rounds))


def _be_quiet() -> None:
    """Logs and metrics would be written among the figures."""
    observability.configure(level="ERROR")
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    logging.getLogger("alembic").setLevel(logging.ERROR)


if __name__ == "__main__":
    _be_quiet()
    sys.exit(main(sys.argv[1:]))

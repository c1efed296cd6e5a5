"""What the stores hold: PostgreSQL, the Valkey cluster, the queues. Blocking clients, on one thread of their own."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from local.template import REGION

Result = TypeVar("Result")

_MIB = 1024 * 1024
_SCANNED_AT_ONCE = 1000
_NEVER = -1
"""What the cache says is left of a key that does not expire."""

_WORD = re.compile(r"[a-z_-]{1,30}")

_DATABASE = text("""
    SELECT pg_database_size(current_database()),
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
""")

_REPLIES = text("""
    SELECT asked.provider_message_id, replies.provider_message_id
    FROM messages AS asked JOIN messages AS replies ON replies.answers_id = coalesce(asked.joined_to, asked.id)
    WHERE asked.direction = 'inbound' AND asked.provider_message_id = ANY(:asked)
        AND replies.provider_message_id IS NOT NULL
""")

_TALLY = text("""
    SELECT count(*), count(joined_to), count(*) FILTER (WHERE state <> 'done'),
        count(*) FILTER (WHERE joined_to IS NULL AND NOT EXISTS (
            SELECT FROM messages AS replies WHERE replies.answers_id = asked.id))
    FROM messages AS asked
    WHERE direction = 'inbound' AND channel = 'whatsapp' AND stored_at >= :since
""")

_CALLS = text("""
    SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL), count(recordings.key)
    FROM calls LEFT JOIN recordings USING (call_sid) WHERE started_at >= :since
""")


class StoreSilent(Exception):
    """A store could not be asked; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReading:
    """One moment.

    Attributes:
        cache_mib: what the cache holds, without the servers' own buffers: the backlog for replicas alone fills up to
            10 MiB a node in the course of a run.
        lasting_keys: keys of the cache that never expire.
        queued: messages that wait or are being worked on.
        dead_letters: what the worker gave up.
    """

    database_mib: float
    database_connections: int
    cache_mib: float
    cache_keys: int
    lasting_keys: int
    queued: int
    dead_letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the database knows of a run in the end; who is `joined` was answered together with a later message."""

    messages: int
    joined: int
    unfinished: int
    unanswered: int
    calls: int
    open_calls: int
    recorded_calls: int


class Stores:
    """Clients of a running copy of the platform."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._stack = stack
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="stores")
        address = stack["database_url"].replace("postgresql://", "postgresql+pg8000://")
        self._database = create_engine(address, pool_size=1, pool_pre_ping=True, isolation_level="AUTOCOMMIT")
        with self._database.connect() as connection:
            self._began_at = connection.execute(text("SELECT now()")).scalar_one()
        self._cache = RedisCluster.from_url(stack["redis_url"])
        self._queues = boto3.client(
            "sqs",
            endpoint_url=stack["aws_endpoint_url"],
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the emulator wants any.
        )

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do blocking work, one piece after the other.

        Raises:
            StoreSilent: one of them gave no answer.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except (RedisError, RedisClusterException, SQLAlchemyError, BotoCoreError, ClientError, OSError) as error:
            raise StoreSilent(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Let the connections go."""
        self._executor.shutdown()
        self._database.dispose()
        self._cache.close()

    def read(self) -> StoreReading:
        """How much there is now."""
        with self._database.connect() as connection:
            size, connections = connection.execute(_DATABASE).one()
        memory = self._cache.info("memory", target_nodes=RedisCluster.PRIMARIES)
        keyspaces = self._cache.info("keyspace", target_nodes=RedisCluster.PRIMARIES)
        keys = [node.get("db0", {}) for node in keyspaces.values()]
        return StoreReading(
            database_mib=size / _MIB,
            database_connections=connections,
            cache_mib=sum(node["used_memory_dataset"] for node in memory.values()) / _MIB,
            cache_keys=sum(node.get("keys", 0) for node in keys),
            lasting_keys=sum(node.get("keys", 0) - node.get("expires", 0) for node in keys),
            queued=self._queued(self._stack["queue_url"]),
            dead_letters=self._queued(self._stack["dead_letter_queue_url"]),
        )

    def replies_to(self, messages: Sequence[str]) -> dict[str, str]:
        """The provider's id of the reply to each of these messages that has one."""
        with self._database.connect() as connection:
            return dict(connection.execute(_REPLIES, {"asked": list(messages)}).tuples().all())

    def tally(self) -> Tally:
        """Everything since the clients were made."""
        since = {"since": self._began_at}
        with self._database.connect() as connection:
            messages, joined, unfinished, unanswered = connection.execute(_TALLY, since).one()
            calls, open_calls, recorded = connection.execute(_CALLS, since).one()
        return Tally(
            messages=messages,
            joined=joined,
            unfinished=unfinished,
            unanswered=unanswered,
            calls=calls,
            open_calls=open_calls,
            recorded_calls=recorded,
        )

    def keys_by_form(self) -> dict[str, tuple[int, int, int]]:
        """Of each form of key: how many there are, how many never expire, and the longest time left, in seconds.

        A form is the key without what differs between users, calls and messages.
        """
        number: Counter[str] = Counter()
        lasting: Counter[str] = Counter()
        longest: dict[str, int] = {}
        for key in self._cache.scan_iter(count=_SCANNED_AT_ONCE, target_nodes=RedisCluster.PRIMARIES):
            form = key_form(key.decode(errors="replace"))
            left: Any = self._cache.ttl(key)
            number[form] += 1
            lasting[form] += int(left == _NEVER)
            longest[form] = max(longest.get(form, 0), left)
        return {form: (number[form], lasting[form], longest[form]) for form in sorted(number)}

    def _queued(self, url: str) -> int:
        answer = self._queues.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )
        return sum(map(int, answer["Attributes"].values()))


def key_form(key: str) -> str:
    """What a key has in common with others of its kind: its words, without ids, numbers and hash tags."""
    parts = key.replace("{", ":").replace("}", ":").split(":")
    return ":".join(part for part in parts if _WORD.fullmatch(part))

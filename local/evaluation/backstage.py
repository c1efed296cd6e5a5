"""What no user sees: faults of the providers, an empty cache, live updates and the tools that were used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pg8000.native
from redis.asyncio.cluster import RedisCluster
from sqlalchemy import make_url

TIMEOUT_SECONDS = 10
_UPDATES_STREAM = "updates"
_TOOLS = "SELECT tool FROM tool_calls WHERE conversation_id = CAST(:conversation AS uuid) ORDER BY begun_at, id"


class Backstage:
    """Behind one running platform."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts

    async def plan_fault(self, fault: Mapping[str, Any]) -> None:
        """Let the simulated providers misbehave.

        Raises:
            httpx.HTTPError: there is no such fault.
        """
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            (await client.post(f"{self._facts['simulator_url']}/faults", json=dict(fault))).raise_for_status()

    async def clear_faults(self) -> None:
        """Let them behave again."""
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            await client.delete(f"{self._facts['simulator_url']}/faults")

    async def forget(self) -> None:
        """Empty the cache."""
        client = RedisCluster.from_url(self._facts["redis_url"])
        try:
            await client.flushall(target_nodes=RedisCluster.PRIMARIES)
        finally:
            await client.aclose()

    async def latest_update(self) -> str:
        """The id of the newest live update."""
        client = RedisCluster.from_url(self._facts["redis_url"])
        try:
            found = await client.xrevrange(_UPDATES_STREAM, count=1)
        finally:
            await client.aclose()
        # The stubs allow for other protocols, and other settings, than are used here.
        return cast("bytes", found[0][0]).decode() if found else "0-0"

    async def updates(self, conversation_id: str, *, since: str) -> list[dict[str, Any]]:
        """What front ends were told of a conversation after this update, oldest first."""
        client = RedisCluster.from_url(self._facts["redis_url"])
        try:
            entries = await client.xrange(_UPDATES_STREAM, min=f"({since}")
        finally:
            await client.aclose()
        told = [json.loads(value) for _, fields in entries or () for value in (fields or {}).values()]
        return [each for each in told if each.get("conversation_id") == conversation_id]

    async def tools_used(self, conversation_id: str) -> list[str]:
        """The names of all tools that were used in a conversation, in order."""
        return await asyncio.to_thread(self._tools_used, conversation_id)

    def _tools_used(self, conversation_id: str) -> list[str]:
        url = make_url(self._facts["database_url"])
        connection = pg8000.native.Connection(
            url.username or "", password=url.password, host=url.host or "", port=url.port or 0, database=url.database
        )
        try:
            return [str(row[0]) for row in connection.run(_TOOLS, conversation=conversation_id) or ()]
        finally:
            connection.close()

"""The client of the cache cluster: TLS, short time limits, few retries, one translation of its failures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisClusterException, RedisError

from shared import tracing
from shared.errors import StoreUnavailable
from shared.observability import timed

CONNECT_TIMEOUT_SECONDS = 1.0
SOCKET_TIMEOUT_SECONDS = 0.5
# A whole operation with its retries; a failover takes longer, and the callers can do without the cache.
OPERATION_TIMEOUT_SECONDS = 2.0
# More at once are refused, not queued: several times what the calls of one task can need.
_CONNECTIONS_PER_NODE = 200


def connect_cluster(
    url: str,
    *,
    ca_file: str | None = None,
    credential_provider: CredentialProvider | None = None,
    socket_timeout_seconds: float = SOCKET_TIMEOUT_SECONDS,
) -> RedisCluster:
    """A client for the cluster that `url` is a node of; connects when first used, in the loop that uses it.

    `rediss://` verifies the server's certificate and name, against `ca_file` if given. Every new connection signs in
    with what `credential_provider` gives. Reading blocks for at most `socket_timeout_seconds`.
    """
    options: dict[str, Any] = {}
    if ca_file is not None and url.startswith("rediss://"):
        options["ssl_ca_certs"] = ca_file
    if credential_provider is not None:
        options["credential_provider"] = credential_provider
    return RedisCluster.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=socket_timeout_seconds,
        retry=Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), retries=3),
        # One lost shard must not take the others down with it.
        require_full_coverage=False,
        max_connections=_CONNECTIONS_PER_NODE,
        **options,
    )


def cache_operation(
    *, timeout_seconds: float = OPERATION_TIMEOUT_SECONDS, name: str = ""
) -> AbstractAsyncContextManager[None]:
    """Measure an operation on the cache and bound its time; its name, if none is given, is that of who calls this.

    Raises:
        StoreUnavailable: it failed or took too long.
    """
    return _measured_operation(name or name_of_caller(), timeout_seconds)


def name_of_caller() -> str:
    """Class and method that called the function that asks."""
    return sys._getframe(2).f_code.co_qualname  # noqa: SLF001 - read at once, and not kept


@asynccontextmanager
async def _measured_operation(name: str, timeout_seconds: float) -> AsyncGenerator[None, None]:
    with timed("cache_operation", operation=name), tracing.part("cache", kind="client", operation=name):
        async with waiting_operation(timeout_seconds=timeout_seconds):
            yield


@asynccontextmanager
async def waiting_operation(*, timeout_seconds: float) -> AsyncGenerator[None, None]:
    """Bound the time of an operation that waits for something to happen, so that how long it takes says nothing.

    Raises:
        StoreUnavailable: it failed or took too long.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    # TimeoutError is an OSError; a cluster of which no node answers is no RedisError.
    except (RedisError, RedisClusterException, OSError) as error:
        raise StoreUnavailable("The cache gave no answer.") from error
    except AttributeError as error:
        # The client closes connections while it learns the layout anew; who writes to one then finds no writer.
        if error.obj is not None or error.name not in {"writelines", "drain"}:
            raise
        raise StoreUnavailable("The cache gave no answer.") from error
    except RuntimeError as error:
        # The same, where the loop is uvloop's.
        if not str(error).endswith("the handler is closed"):
            raise
        raise StoreUnavailable("The cache gave no answer.") from error


async def connect_to_every_shard(client: RedisCluster) -> None:
    """Learn the cluster's layout and connect to each shard, so that the first caller need not wait for it.

    Raises:
        StoreUnavailable: a shard gave no answer in time.
    """
    async with cache_operation():
        await client.ping(target_nodes=RedisCluster.PRIMARIES)

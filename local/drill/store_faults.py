"""A database that is there and does not get on: tables locked, sessions cut, no place for another session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from local.drill.evidence import connect
from local.drill.fault import Fault, Scene

SECONDS = 5.0
MOST_SESSIONS = 120
"""More than the server has."""


def store_faults() -> list[Fault]:
    """What can happen inside the database."""
    return [
        Fault(
            name="pool-full",
            title=f"locks hold every database connection for {SECONDS:g} s (pool full)",
            inflict=_lock_tables,
            seconds=SECONDS,
        ),
        Fault(
            name="sessions-full",
            title=f"PostgreSQL has no place for another session for {SECONDS:g} s",
            inflict=_take_all_sessions,
            seconds=SECONDS,
        ),
        Fault(name="sessions-cut", title="PostgreSQL ends every session", inflict=_end_sessions),
    ]


@asynccontextmanager
async def _lock_tables(scene: Scene) -> AsyncIterator[None]:
    """Whoever asks for a message waits, with the connection in hand, until none is left in the pool."""
    connection = await asyncio.to_thread(connect, scene.copy.facts["database_url"])
    try:
        await asyncio.to_thread(connection.run, "BEGIN")
        await asyncio.to_thread(connection.run, "LOCK TABLE messages, conversations IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        await asyncio.to_thread(connection.close)


@asynccontextmanager
async def _take_all_sessions(scene: Scene) -> AsyncIterator[None]:
    connections = await asyncio.to_thread(_connect_until_refused, scene.copy.facts["database_url"])
    # Those who hold one already must ask for a new one.
    await asyncio.to_thread(connections[0].run, _END_OTHERS)
    connections += await asyncio.to_thread(_connect_until_refused, scene.copy.facts["database_url"])
    try:
        yield
    finally:
        await asyncio.to_thread(_close, connections)


@asynccontextmanager
async def _end_sessions(scene: Scene) -> AsyncIterator[None]:
    connection = await asyncio.to_thread(connect, scene.copy.facts["database_url"])
    try:
        await asyncio.to_thread(connection.run, _END_OTHERS)
        yield
    finally:
        await asyncio.to_thread(connection.close)


_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = current_user AND pid <> pg_backend_pid() AND application_name <> 'vaani-drill'
"""


def _connect_until_refused(database_url: str) -> list[pg8000.native.Connection]:
    connections: list[pg8000.native.Connection] = []
    with contextlib.suppress(DatabaseError, InterfaceError, OSError):
        while len(connections) < MOST_SESSIONS:
            connections.append(connect(database_url))
    return connections


def _close(connections: list[pg8000.native.Connection]) -> None:
    for connection in connections:
        with contextlib.suppress(DatabaseError, InterfaceError, OSError):
            connection.close()

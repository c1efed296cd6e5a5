"""Requests go to tasks that live, the least busy one first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from local import ports
from local.stream_tasks import AVOIDED_SECONDS, StreamTasks, TaskConnection

Task = Callable[[], Awaitable[int]]


@pytest.fixture
async def start_task() -> AsyncIterator[Task]:
    """Starts something that takes connections; returns its port."""
    servers: list[asyncio.Server] = []

    async def start() -> int:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), ports.HOST, 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


def port_of(task: TaskConnection | None) -> int:
    assert task is not None
    assert task.writer.get_extra_info("peername")[1] == task.port
    return task.port


@asynccontextmanager
async def connections(tasks: StreamTasks, number: int) -> AsyncIterator[list[int]]:
    async with AsyncExitStack() as open_ones:
        yield [port_of(await open_ones.enter_async_context(tasks.connection())) for _ in range(number)]


async def test_sockets_spread_over_the_tasks(start_task: Task) -> None:
    known = [await start_task(), await start_task()]
    tasks = StreamTasks(known)

    async with connections(tasks, 6) as chosen:
        assert sorted(chosen) == sorted(known * 3)


async def test_a_task_whose_sockets_ended_is_the_next_to_be_chosen(start_task: Task) -> None:
    first, second = await start_task(), await start_task()
    tasks = StreamTasks([first, second])

    async with connections(tasks, 1):
        async with connections(tasks, 1):
            pass
        async with connections(tasks, 1) as chosen:
            assert chosen == [second]


async def test_a_task_that_is_dead_is_passed_over(start_task: Task) -> None:
    living = await start_task()
    tasks = StreamTasks([ports.free_port(), living])

    async with connections(tasks, 3) as chosen:
        assert chosen == [living] * 3


async def test_a_task_that_refused_a_stream_is_the_last_to_be_asked_for_a_while(start_task: Task) -> None:
    refusing, other = await start_task(), await start_task()
    now = 1000.0
    tasks = StreamTasks([refusing, other], clock=lambda: now)
    async with tasks.connection() as refused:
        assert refused is not None
        tasks.avoid(refused)

    async with connections(tasks, 2) as chosen:
        assert chosen == [other, other]
    now += AVOIDED_SECONDS
    async with connections(tasks, 1) as chosen:
        assert chosen == [refusing]


async def test_without_a_living_task_there_is_no_connection() -> None:
    async with StreamTasks([ports.free_port()]).connection() as task:
        assert task is None

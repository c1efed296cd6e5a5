"""A link passes bytes, and misbehaves when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from local.fault_link import Behaviour, FaultLink
from local.ports import HOST, free_port


@asynccontextmanager
async def linked_echo() -> AsyncIterator[tuple[FaultLink, int]]:
    """A server that repeats what it gets, behind a link; yields the link and its port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1000):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    listen = free_port()
    link = FaultLink(listen=listen, target=server.sockets[0].getsockname()[1])
    await link.behave(Behaviour())
    try:
        yield link, listen
    finally:
        await link.close()
        server.close()


async def asked(port: int, words: bytes = b"hello") -> bytes:
    """What comes back from a new connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(words)
        return await reader.read(1000)
    finally:
        writer.close()


async def does_not_come(answer: Callable[[], Awaitable[bytes]]) -> bool:
    """Whether nothing is there even when everything that could run has run."""
    task = asyncio.ensure_future(answer())
    for _ in range(50):
        await asyncio.sleep(0)
    is_missing = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return is_missing


async def test_bytes_pass_both_ways() -> None:
    async with linked_echo() as (_, port):
        assert await asked(port) == b"hello"


async def test_refused_connections_find_nobody_until_it_is_over() -> None:
    async with linked_echo() as (link, port):
        await link.behave(Behaviour(mode="refuse"))
        with pytest.raises(ConnectionRefusedError):
            await asked(port)

        await link.behave(Behaviour())

        assert await asked(port) == b"hello"


@pytest.mark.parametrize("mode", ["refuse", "reset"])
async def test_open_connections_are_reset(mode: str) -> None:
    async with linked_echo() as (link, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"hello")
        assert await reader.read(1000) == b"hello"

        await link.behave(Behaviour(mode=mode))  # type: ignore[arg-type]

        with pytest.raises(ConnectionResetError):
            await reader.read(1000)


async def test_new_connections_are_reset() -> None:
    async with linked_echo() as (link, port):
        await link.behave(Behaviour(mode="reset"))

        with pytest.raises(ConnectionResetError):
            await asked(port)


async def test_what_was_sent_into_silence_arrives_when_it_is_over() -> None:
    async with linked_echo() as (link, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"before")
        assert await reader.read(1000) == b"before"
        await link.behave(Behaviour(mode="blackhole"))
        writer.write(b"after")
        assert await does_not_come(lambda: reader.read(1000))

        await link.behave(Behaviour())

        assert await reader.read(1000) == b"after"
        writer.close()


async def test_delayed_and_trickled_bytes_arrive_whole() -> None:
    async with linked_echo() as (link, port):
        await link.behave(Behaviour(mode="delay", delay_ms=1))
        assert await asked(port) == b"hello"

        await link.behave(Behaviour(mode="trickle", bytes_per_second=40))

        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()


async def test_only_the_requests_that_are_meant_are_answered_by_the_link() -> None:
    queue = b"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n\r\n"
    other = b"GET /vaani-bucket/recording HTTP/1.1\r\n\r\n"
    async with linked_echo() as (link, port):
        await link.behave(Behaviour(mode="answer", status=503, only="AmazonSQS", body="busy"))

        refused, passed = await asked(port, queue), await asked(port, other)

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert refused.endswith(b"\r\n\r\nbusy")
    assert passed == other


async def test_a_link_whose_target_is_down_drops_the_connection() -> None:
    listen = free_port()
    link = FaultLink(listen=listen, target=free_port())
    await link.behave(Behaviour())
    try:
        assert await asked(listen) == b""
    finally:
        await link.close()

"""Bytes between a client and the stream service: one request and its answer, or a socket joined until one side ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import h11

from local.alb_event import HOP_BY_HOP, Answer

ANSWER_TIMEOUT_SECONDS = 30.0
READ_BYTES = 64 * 1024
SWITCHING_PROTOCOLS = 101


async def forward(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
) -> Answer:
    """Send one request to the service and return its answer; that of an accepted socket has status 101.

    `body` of such an answer holds the bytes that already followed it.

    Raises:
        TimeoutError: no answer in time.
        h11.RemoteProtocolError: the answer is not HTTP, or broken off.
    """
    http = h11.Connection(h11.CLIENT)
    is_upgrade = "upgrade" in dict(headers)
    kept = [pair for pair in headers if is_upgrade or pair[0] not in HOP_BY_HOP]
    kept = [pair for pair in kept if pair[0] not in {"content-length", "transfer-encoding", "expect"}]
    if body:
        kept.append(("content-length", str(len(body))))
    if not is_upgrade:
        kept.append(("connection", "close"))
    for event in (h11.Request(method=method, target=target, headers=kept), h11.Data(data=body), h11.EndOfMessage()):
        writer.write(http.send(event) or b"")
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        return await _read_answer(http, reader)


async def splice(
    upward: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    downward: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    *,
    first_bytes: tuple[bytes, bytes],
    idle_timeout_seconds: float,
) -> None:
    """Copy both directions until one of them ends or nothing was said for `idle_timeout_seconds`."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(idle_timeout_seconds) as idle:

            async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes) -> None:
                loop = asyncio.get_running_loop()
                data = first
                while True:
                    if data:
                        writer.write(data)
                        await writer.drain()
                    data = await reader.read(READ_BYTES)
                    idle.reschedule(loop.time() + idle_timeout_seconds)
                    if not data:
                        return

            copies = [
                asyncio.create_task(copy(*way, first))
                for way, first in zip((upward, downward), first_bytes, strict=True)
            ]
            try:
                await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in copies:
                    each.cancel()
                await asyncio.gather(*copies, return_exceptions=True)


async def _read_answer(http: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    head: h11.Response | h11.InformationalResponse | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(READ_BYTES))
        elif isinstance(event, h11.InformationalResponse) and event.status_code == SWITCHING_PROTOCOLS:
            return _answer(event, http.trailing_data[0])
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _answer(head, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            message = "the service broke off"
            raise h11.RemoteProtocolError(message)


def _answer(head: h11.Response | h11.InformationalResponse, body: bytes) -> Answer:
    headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers]
    if head.status_code != SWITCHING_PROTOCOLS:
        dropped = {*HOP_BY_HOP, "content-length", "date"}
        headers = [pair for pair in headers if pair[0] not in dropped]
    return Answer(status=head.status_code, headers=headers, body=body)

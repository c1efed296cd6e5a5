from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from benchmarks.voice.caller import Caller, Punctuality
from benchmarks.voice.caller_audio import CallerAudio, line_noise
from benchmarks.voice.conversation import Conversation
from benchmarks.voice.door import SocketDoor
from benchmarks.voice.media_socket import SocketRefused
from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES

NOISE = line_noise()
AUDIO = CallerAudio(question=NOISE[:2], interruption=NOISE[:2], noise=NOISE)
PATIENCE_SECONDS = 5

Serve = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def on_the_line(serve_call: Serve, **options: Any) -> AsyncIterator[Caller]:
    """A caller that is about to be connected to this server."""
    async with serve(serve_call, "127.0.0.1", 0, compression=None, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        call = await SocketDoor(host="127.0.0.1", port=port, path="/ws").ring("+917000000001")
        caller = Caller(call, Conversation(AUDIO, first_cycle_ms=60_000), Punctuality())
        yield caller
        caller.hang_up()
        caller.drop()


async def received(connection: ServerConnection, event: str) -> dict[str, Any]:
    """The next message of this kind."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            message: dict[str, Any] = json.loads(await connection.recv())
            if message["event"] == event:
                return message


def media(duration_ms: int) -> str:
    payload = b64encode(bytes(duration_ms * BYTES_PER_MS)).decode()
    return json.dumps({"event": "media", "streamSid": "MZ", "media": {"payload": payload}})


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": "MZ", "mark": {"name": name}})


CLEAR = json.dumps({"event": "clear", "streamSid": "MZ"})


async def held(serve_call: Callable[[ServerConnection], Awaitable[Any]]) -> Any:
    """What the server's side returns while a caller is on the line."""
    outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def conduct(connection: ServerConnection) -> None:
        try:
            outcome.set_result(await serve_call(connection))
        except Exception as error:  # noqa: BLE001 - the test shall see it
            outcome.set_exception(error)

    async with on_the_line(conduct) as caller:
        await caller.connect()
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            return await outcome


async def test_stream_begins_as_twilio_begins_it():
    async def serve_call(connection: ServerConnection) -> list[str]:
        return [json.loads(await connection.recv())["event"] for _ in range(5)]

    events = await held(serve_call)

    assert events == ["connected", "start", "media", "media", "media"]


async def test_frames_are_numbered_and_20_ms_long():
    async def serve_call(connection: ServerConnection) -> list[dict[str, Any]]:
        return [(await received(connection, "media")) for _ in range(3)]

    frames = await held(serve_call)

    assert [frame["media"]["timestamp"] for frame in frames] == ["0", "20", "40"]
    assert [frame["media"]["chunk"] for frame in frames] == ["1", "2", "3"]
    assert [int(frame["sequenceNumber"]) for frame in frames] == [2, 3, 4]
    assert {len(frame["media"]["payload"]) for frame in frames} == {len(b64encode(bytes(FRAME_BYTES)))}


async def test_mark_is_echoed_once_its_audio_was_played():
    async def serve_call(connection: ServerConnection) -> tuple[str, int]:
        await received(connection, "start")
        await connection.send(media(100))
        await connection.send(mark("end"))
        frames = 0
        while (message := json.loads(await connection.recv()))["event"] == "media":
            frames += 1
        return message["mark"]["name"], frames

    name, frames_meanwhile = await held(serve_call)

    assert name == "end"
    assert frames_meanwhile >= 4  # Of 100 ms; more on a busy machine.


async def test_clear_brings_all_pending_marks_at_once():
    async def serve_call(connection: ServerConnection) -> list[str]:
        await received(connection, "start")
        for name in ("a", "b"):
            await connection.send(media(60_000))
            await connection.send(mark(name))
        await connection.send(CLEAR)
        return [(await received(connection, "mark"))["mark"]["name"] for _ in range(2)]

    assert await held(serve_call) == ["a", "b"]


async def test_unreadable_message_is_counted_and_the_call_goes_on():
    async def serve_call(connection: ServerConnection) -> None:
        await received(connection, "start")
        await connection.send("no json")
        await connection.send(mark("after"))
        await received(connection, "mark")
        done.set()

    done = asyncio.Event()
    async with on_the_line(serve_call) as caller:
        await caller.connect()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await done.wait()

    assert caller.protocol_errors == 1
    assert caller.problem is None


async def test_call_that_the_server_ends_is_a_problem():
    async def serve_call(connection: ServerConnection) -> None:
        await received(connection, "start")

    async with on_the_line(serve_call) as caller:
        await caller.connect()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while caller.problem is None:
                await asyncio.sleep(0)

    assert caller.problem == "the server closed the socket"


async def test_refused_upgrade_says_its_status():
    async def serve_call(connection: ServerConnection) -> None:
        await connection.wait_closed()

    def refuse(connection: ServerConnection, _request: Request) -> Response:
        return connection.respond(401, "no")

    async with on_the_line(serve_call, process_request=refuse) as caller:
        with pytest.raises(SocketRefused, match="401"):
            await caller.connect()

"""Connections and sockets as peers of all kinds use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from websockets.frames import Frame, Opcode

from shared.domain.call import StreamTicket
from stream_service import impatient_http, upgrade
from stream_service.media.transport import MediaTransport
from stream_service.media.web_socket import Patience
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist
from tests.stream_service.running_service import START, Echo, Service, closed, hear, media, running, say, signed

UPGRADE = (
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


class RawPeer:
    """A peer that writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, *lines: str) -> bytes:
        """Send a request; the head of the answer."""
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def upgrade(self, token: str, **headers: str) -> bytes:
        """Ask for a media stream, with some headers changed; the head of the answer."""
        sent = {
            "Host": "127.0.0.1",
            "Upgrade": "websocket",
            "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            "X-Twilio-Signature": signed(token),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{name}: {value}" for name, value in sent.items()]
        return await self.ask(f"GET /media/{token} HTTP/1.1", *lines)

    async def rest(self) -> bytes:
        """Everything until the server ends the connection."""
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def raw_peer(service: Service) -> AsyncGenerator[RawPeer, None]:
    """A connection to the service."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        yield RawPeer(reader, writer)
    finally:
        writer.close()


@pytest.mark.parametrize(("is_orderly", "was_cut"), [(True, False), (False, True)])
async def test_a_lost_connection_is_told_from_a_goodbye(*, is_orderly: bool, was_cut: bool) -> None:
    echo = Echo()

    async with running(serve=echo) as service, service.open("token-1") as stream:
        if is_orderly:
            await stream.close()
        else:
            stream.transport.abort()
        await service.no_calls()

    assert echo.were_cut == [was_cut]


async def test_closing_lets_everything_out_before_the_goodbye() -> None:
    echo = Echo()

    async with running(serve=echo) as service, service.open("token-1") as stream:
        assert await say(stream, "//8=") == "//8="
        for number in range(200):
            echo.transports[0].mark(f"m{number}")
        echo.transports[0].close()
        echo.transports[0].mark("too-late")
        marks = [json.loads(message)["mark"]["name"] async for message in stream]

    assert marks == [f"m{number}" for number in range(200)]
    assert stream.close_code == 1000
    assert echo.were_cut == [False]


async def test_a_message_in_pieces_with_a_ping_between_is_one_message() -> None:
    async with running() as service, service.open("token-1") as stream:
        await stream.send(START)
        whole = media("//4=")
        pong = await stream.ping()

        await stream.send([whole[:10], whole[10:20], whole[20:]])

        assert await hear(stream) == "//4="
        await pong


async def test_an_oversized_message_ends_the_call() -> None:
    echo = Echo()

    async with running(serve=echo) as service, service.open("token-1") as stream:
        await stream.send("x" * 70_000)
        await closed(stream)
        await service.no_calls()

    assert stream.close_code == 1009
    assert echo.were_cut == [True]


async def test_garbage_instead_of_frames_ends_the_call() -> None:
    echo = Echo()

    async with running(serve=echo) as service, raw_peer(service) as peer:
        assert b" 101 " in await peer.upgrade("token-1")
        peer.writer.write(b"GET / HTTP/1.1\r\n\r\n")

        assert (await peer.rest())[2:4] == (1002).to_bytes(2, "big")
        peer.writer.close()
        await service.no_calls()

    assert echo.were_cut == [True]


async def test_unreadable_messages_are_passed_over() -> None:
    async with running() as service, service.open("token-1") as stream:
        for garbage in (
            "{",
            "null",
            '{"event":"start","streamSid":"\\"}"}',
            b"\xff\x00",
            "\udcff".encode("utf-8", "replace"),
        ):
            await stream.send(garbage)

        assert await say(stream, "//8=") == "//8="


async def test_frames_that_come_with_the_last_byte_of_another_are_all_heard() -> None:
    async with running() as service, raw_peer(service) as peer:
        await peer.upgrade("token-1")
        frames = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in (START, media(), media()))
        for part in (frames[:1], frames[1:7], frames[7:-1], frames[-1:]):
            peer.writer.write(part)
            await peer.writer.drain()
            await asyncio.sleep(0)

        answers = [await peer.reader.readuntil(b"}}") for _ in range(2)]

    assert [b'"payload":"//8="' in answer for answer in answers] == [True, True]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, b" 400 "),
        ({"Sec_WebSocket_Key": "short"}, b" 400 "),
        ({"X_Twilio_Signature": "AAAA"}, b" 401 "),
    ],
)
async def test_a_wrong_handshake_is_answered_in_the_envelope_and_the_token_stays_good(
    headers: dict[str, str], status: bytes
) -> None:
    async with running() as service, raw_peer(service) as peer, raw_peer(service) as other:
        head = await peer.upgrade("token-1", **headers)
        error = json.loads(await peer.rest())["error"]

        assert status in head
        assert (error["code"] in {"invalid_request", "signature_invalid"}, bool(error["request_id"])) == (True, True)

        assert b" 101 " in await other.upgrade("token-1")


@pytest.mark.parametrize(
    "path", ["/elsewhere", "/media", "/updates/", "/updatesx", "/health/stream", "http://h/media/x"]
)
async def test_there_is_no_socket_at_any_other_path(path: str) -> None:
    async with running() as service, raw_peer(service) as peer:
        head = await peer.ask(f"GET {path} HTTP/1.1", *UPGRADE)
        body = json.loads(await peer.rest())

    assert b" 404 " in head
    assert body["error"]["code"] == "not_found"


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
async def test_only_get_opens_a_socket(method: str) -> None:
    async with running() as service, raw_peer(service) as peer:
        head = await peer.ask(f"{method} /media/token-1 HTTP/1.1", *UPGRADE)
        body = json.loads(await peer.rest())

    assert b" 400 " in head
    assert body["error"]["code"] == "invalid_request"


async def test_what_follows_the_request_before_it_is_answered_is_refused_and_the_token_stays_good() -> None:
    frame = Frame(Opcode.TEXT, START.encode()).serialize(mask=True)

    async with running() as service, raw_peer(service) as hasty, raw_peer(service) as patient:
        lines = ["GET /media/token-1 HTTP/1.1", *UPGRADE, f"X-Twilio-Signature: {signed('token-1')}", "", ""]
        hasty.writer.write("\r\n".join(lines).encode() + frame)
        refused = await hasty.rest()

        assert b" 101 " in await patient.upgrade("token-1")

    assert refused.startswith(b"HTTP/1.1 400 ")


async def test_more_headers_than_anybody_sends_are_refused() -> None:
    many = [f"X-{number}: x" for number in range(200)]

    async with running() as service, raw_peer(service) as peer:
        head = await peer.ask("GET /media/token-1 HTTP/1.1", *UPGRADE, *many)
        body = json.loads(await peer.rest())

    assert (b" 431 " in head, body["error"]["code"]) == (True, "too_large")


async def test_a_service_that_stops_does_not_wait_for_sockets_that_are_being_opened() -> None:
    async def wait_for_ever(_ticket: StreamTicket, _transport: MediaTransport) -> None:
        raise AssertionError("nobody was let in")

    class Stuck(FakeBlocklist):
        async def forgive(self, source: str) -> None:
            await asyncio.Event().wait()

    async with running(serve=wait_for_ever, blocklist=Stuck(FrozenClock())) as service, raw_peer(service) as peer:
        peer.writer.write(
            "\r\n".join(
                [
                    "GET /media/token-1 HTTP/1.1",
                    *UPGRADE,
                    f"X-Twilio-Signature: {signed('token-1')}",
                    "",
                    "",
                ]
            ).encode()
        )
        async with asyncio.timeout(5):
            while not service.server.server_state.tasks:
                await asyncio.sleep(0.005)
        service.server.force_exit = True

        service.server.should_exit = True
        rest = await peer.rest()

    assert rest == b""


async def test_a_stream_outlives_the_time_for_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "REQUEST_SECONDS", 0.05)

    async with running() as service, service.open("token-1") as stream, raw_peer(service) as silent:
        await silent.rest()

        assert await say(stream, "//8=") == "//8="


async def test_a_peer_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "PATIENCE", Patience(read_seconds=0.1))
    echo = Echo()

    async with running(serve=echo) as service, raw_peer(service) as peer:
        await peer.upgrade("token-1")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # StreamWriter's is a full transport
        while not echo.transports:
            await asyncio.sleep(0)
        for _ in range(20):
            echo.transports[0].play(bytes(64_000))
        await service.no_calls()

    assert echo.were_cut == [True]

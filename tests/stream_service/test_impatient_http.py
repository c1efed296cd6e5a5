"""Connections that are not upgraded, as peers of all kinds use them."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from stream_service import impatient_http
from tests.stream_service.running_service import running
from tests.stream_service.test_upgrade import UPGRADE, RawPeer, raw_peer

HEALTH = ("GET /health/stream HTTP/1.1", "Host: 127.0.0.1")


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "REQUEST_SECONDS", 0.2)


async def answer_to_trickle(peer: RawPeer, text: str) -> bytes:
    """What is answered to a request that comes byte by byte, each well within the time that a whole one has."""

    async def trickle() -> None:
        for letter in text:
            peer.writer.write(letter.encode())
            await asyncio.sleep(0.01)

    trickling = asyncio.create_task(trickle())
    answer = await peer.rest()
    trickling.cancel()
    return answer


def status_and_code(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    envelope: dict[str, Any] = json.loads(body)
    assert (envelope["status"], envelope["data"]) == ("error", None)
    assert b"connection: close" in head.lower()
    return int(head.split()[1]), str(envelope["error"]["code"])


@pytest.mark.usefixtures("little_time")
async def test_who_connects_and_asks_for_nothing_is_sent_away() -> None:
    async with running() as service, raw_peer(service) as silent:
        assert await silent.rest() == b""


@pytest.mark.usefixtures("little_time")
async def test_a_head_that_trickles_in_has_no_more_time_than_any_other() -> None:
    async with running() as service, raw_peer(service) as slow:
        answer = await answer_to_trickle(slow, "GET /health/stream HTTP/1.1\r\nX-Slow: " + "x" * 1000)

        assert status_and_code(answer) == (408, "invalid_request")


@pytest.mark.usefixtures("little_time")
async def test_a_socket_whose_head_trickles_in_is_sent_away_too() -> None:
    async with running() as service, raw_peer(service) as slow:
        head = "\r\n".join(["GET /media/token-1 HTTP/1.1", *UPGRADE, "X: " + "x" * 1000])
        answer = await answer_to_trickle(slow, head)

        assert status_and_code(answer)[0] == 408


async def test_a_body_that_nobody_wants_is_not_waited_for() -> None:
    async with running() as service, raw_peer(service) as slow:
        await slow.ask("POST /health/stream HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 1000000")

        assert status_and_code(b"HTTP/1.1 405 -\r\nconnection: close\r\n\r\n" + await slow.rest())[1] == (
            "method_not_allowed"
        )


async def test_a_connection_is_closed_after_its_answer_so_that_no_second_request_can_trickle() -> None:
    async with running() as service, raw_peer(service) as peer:
        head = await peer.ask(*HEALTH, "Connection: keep-alive")
        rest = await peer.rest()

    assert b"connection: close" in head.lower()
    assert json.loads(rest)["status"] == "success"


async def test_of_requests_that_are_sent_all_at_once_only_the_first_is_answered() -> None:
    async with running() as service, raw_peer(service) as peer:
        peer.writer.write("\r\n".join([*HEALTH, "", *HEALTH, "", ""]).encode())

        assert (await peer.rest()).count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("size", [17_000, 70_000, 400_000])
async def test_a_head_of_more_than_sixteen_kilobytes_is_refused_in_one_piece_or_many(size: int) -> None:
    async with running() as service, raw_peer(service) as peer:
        peer.writer.write("\r\n".join([*HEALTH, "X-Large: " + "x" * size, "", ""]).encode())

        assert status_and_code(await peer.rest()) == (431, "too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_in_the_envelope(garbage: bytes) -> None:
    async with running() as service, raw_peer(service) as peer:
        peer.writer.write(garbage + b"\r\n\r\n")

        assert status_and_code(await peer.rest()) == (400, "invalid_request")


async def test_two_lengths_of_one_body_are_no_request() -> None:
    async with running() as service, raw_peer(service) as peer:
        peer.writer.write(
            b"POST /health/stream HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"
        )

        assert status_and_code(await peer.rest()) == (400, "invalid_request")


async def test_more_connections_than_a_process_takes_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "MOST_STRANGERS", 3)

    async with running() as service, AsyncExitStack() as peers:
        idle = [await peers.enter_async_context(raw_peer(service)) for _ in range(3)]
        surplus = await peers.enter_async_context(raw_peer(service))
        surplus.writer.write("\r\n".join([*HEALTH, "", ""]).encode())
        refused = await surplus.rest()
        idle[0].writer.close()
        async with asyncio.timeout(5):
            while len(service.server.server_state.connections) > 2:
                await asyncio.sleep(0.005)
        next_one = await peers.enter_async_context(raw_peer(service))
        answered = await next_one.ask(*HEALTH)

    assert status_and_code(refused) == (503, "rate_limited")
    assert b"retry-after: 1" in refused
    assert b" 200 " in answered


async def test_a_flood_beyond_that_is_not_heard_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "MOST_STRANGERS", 2)

    async with running() as service, AsyncExitStack() as peers:
        flood = [await peers.enter_async_context(raw_peer(service)) for _ in range(10)]
        async with asyncio.timeout(5):
            while sum(peer.reader.at_eof() or peer.reader.exception() is not None for peer in flood) < 6:
                await asyncio.sleep(0.005)

        assert len(service.server.server_state.connections) <= 4


async def test_calls_and_readers_are_no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "MOST_STRANGERS", 1)
    tokens = ("token-1", "token-2", "token-3")

    async with running(tokens=tokens) as service, AsyncExitStack() as streams:
        for token in tokens:
            await streams.enter_async_context(service.open(token))
        async with raw_peer(service) as peer:
            answered = await peer.ask(*HEALTH)

    assert b" 200 " in answered


async def test_who_does_not_read_the_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_http, "ANSWER_SECONDS", 0.1)

    has_begun = asyncio.Event()

    async def much(_scope: Any, _receive: Any, send: Any) -> None:
        has_begun.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})

    async with running() as service:
        service.server.config.loaded_app = much
        async with raw_peer(service) as peer:
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # StreamWriter's is a full transport
            peer.writer.write("\r\n".join([*HEALTH, "", ""]).encode())
            async with asyncio.timeout(5):
                await has_begun.wait()
                while service.server.server_state.connections or service.server.server_state.tasks:
                    await asyncio.sleep(0.005)

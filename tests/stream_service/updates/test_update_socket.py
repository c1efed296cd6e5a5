"""What readers of an open updates socket get, and when they are sent away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from websockets.frames import Frame, Opcode

from stream_service.updates import audience, peer_watch, service, update_socket
from stream_service.updates import door as door_module
from stream_service.updates.update_socket import SIGN_IN_ENDED
from tests.fakes.clock import FrozenClock
from tests.fakes.messaging import FakeEventSubscription
from tests.stream_service.running_service import closed
from tests.stream_service.test_upgrade import RawPeer
from tests.stream_service.updates.open_door import OpenDoor, Tickets, ids, open_door, read, told


@asynccontextmanager
async def raw_reader(door: OpenDoor) -> AsyncGenerator[RawPeer, None]:
    """A reader that does of the protocol what the test does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.service.port)
    peer = RawPeer(reader, writer)
    head = await peer.ask(
        "GET /updates?ticket=raw-1 HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    assert b" 101 " in head
    try:
        yield peer
    finally:
        writer.close()


@pytest.mark.requirement("13.3")
async def test_every_reader_gets_every_event_as_one_message() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, door.connect() as one, door.connect("ravi") as other:
        subscription.tell(*told(1))
        subscription.tell(*told(2))
        heard = [await read(reader, 2) for reader in (one, other)]

    event_id, event = told(1)
    assert heard[0][0] == {
        "id": event_id,
        "type": "message.sent",
        "at": "2026-03-02T09:30:00Z",
        "conversation_id": "c-1",
        "channel": "whatsapp",
        "user_id": "919800000001",
        "data": event.data,
    }
    assert heard[0] == heard[1]


async def test_who_comes_back_misses_nothing_and_hears_nothing_twice() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door:
        async with door.connect() as reader:
            subscription.tell(*told(1))
            seen = ids(await read(reader, 1))
        for number in (2, 3):
            subscription.tell(*told(number))
        async with door.connect(since=seen[-1]) as reader:
            seen += ids(await read(reader, 2))
            subscription.tell(*told(4))
            seen += ids(await read(reader, 1))

    assert seen == [told(number)[0] for number in (1, 2, 3, 4)]


async def test_who_was_away_for_too_long_is_told_so_first() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, door.connect(since="1000-0") as reader:
        subscription.tell(*told(1))
        gap, event = await read(reader, 2)

    assert (gap["type"], gap["data"]) == ("updates.gap", {"reason": "too_old"})
    assert event["conversation_id"] == "c-1"


async def test_large_events_and_many_readers_all_arrive_whole() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(door.connect(f"user{number}")) for number in range(30)]
        for number in range(40):
            subscription.tell(*told(number, size=20_000))
        heard = await asyncio.gather(*(read(reader, 40) for reader in readers))

    assert {tuple(ids(messages)) for messages in heard} == {tuple(told(number)[0] for number in range(40))}


async def test_readers_are_pinged_and_those_that_answer_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_watch, "PING_SECONDS", 0.02)
    monkeypatch.setattr(peer_watch, "PONG_SECONDS", 5)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.005)

    async with open_door() as door, raw_reader(door) as peer:
        async with asyncio.timeout(10):
            for _ in range(3):
                assert await peer.reader.readexactly(2) == b"\x89\x00"
                peer.writer.write(Frame(Opcode.PONG, b"").serialize(mask=True))

        assert door.open_sockets == 1


@pytest.mark.requirement("13.3")
async def test_a_socket_ends_with_the_token_that_opened_it_and_a_new_ticket_opens_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(door_module, "GRACE_SECONDS", 0.1)
    subscription, tickets = FakeEventSubscription(), Tickets(proofs_end_at=FrozenClock()())

    async with open_door(subscription, tickets=tickets) as door:
        subscription.tell(*told(1))
        async with asyncio.timeout(10):
            while door.updates.hub.recent.end == 0:
                await asyncio.sleep(0.005)
        async with door.connect(ticket="asha-1", since=told(0)[0]) as reader:
            (seen,) = ids(await read(reader, 1))
            code, reason = await closed(reader), reader.close_reason
            await door.until_open(0)
        tickets.proofs_end_at = None
        async with door.connect(ticket="asha-2", since=seen) as reader:
            subscription.tell(*told(2))
            heard = ids(await read(reader, 1))

    assert (code, reason) == (SIGN_IN_ENDED, "the token has ended; connect again with a new ticket")
    assert heard == [told(2)[0]]


async def test_a_socket_whose_token_lives_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.005)
    tickets = Tickets(proofs_end_at=FrozenClock()() + timedelta(hours=1))

    async with open_door(tickets=tickets) as door, door.connect() as reader:
        await asyncio.sleep(0.05)  # several looks
        await reader.ping()

        assert door.open_sockets == 1


async def test_who_answers_no_ping_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_watch, "PING_SECONDS", 0.02)
    monkeypatch.setattr(peer_watch, "PONG_SECONDS", 0.1)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(update_socket, "_GOODBYE_SECONDS", 0.1)

    async with open_door() as door, raw_reader(door) as peer:
        rest = await peer.rest()
        await door.until_open(0)

    assert (1013).to_bytes(2, "big") + b"no answer to a ping" in rest


async def test_a_slow_reader_is_dropped_with_1013_and_nothing_piles_up_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peer_watch, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.02)
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, raw_reader(door) as slow, door.connect("ravi") as quick:
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]  # StreamWriter's is a full transport
        socket = next(iter(door.updates.hub.audience._sockets))
        for number in range(300):
            subscription.tell(*told(number, size=50_000))
        heard = await read(quick, 300)
        await door.until_open(1)
        waiting_bytes = socket._transport.get_write_buffer_size()
        slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
        rest = b""
        async with asyncio.timeout(10):
            while not rest.endswith(b"too slow"):
                rest += await slow.reader.read(65_536)

    assert len(heard) == 300
    assert waiting_bytes < 300_000  # of 15 million
    assert rest[-10:-8] == (1013).to_bytes(2, "big")


async def test_a_slow_reader_that_never_reads_again_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_watch, "STALLED_SECONDS", 0.05)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(update_socket, "_SLOW_GOODBYE_SECONDS", 0.05)
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, raw_reader(door) as slow:
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(300):
            subscription.tell(*told(number, size=50_000))
        async with asyncio.timeout(10):
            while any(
                isinstance(each, update_socket.UpdateSocket) for each in door.service.server.server_state.connections
            ):
                await asyncio.sleep(0.01)


async def test_what_clients_say_is_ignored() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door, door.connect() as reader:
        await reader.send('{"type": "subscribe"}')
        await reader.send(b"\x00\xff")
        await (await reader.ping())
        subscription.tell(*told(1))

        assert len(await read(reader, 1)) == 1


async def test_a_large_message_of_a_client_ends_its_socket() -> None:
    async with open_door() as door, door.connect() as reader:
        await reader.send("x" * 5000)

        assert await closed(reader) == 1009
        await door.until_open(0)


async def test_pieces_that_are_too_large_together_end_the_socket_too() -> None:
    async with open_door() as door, door.connect() as reader:
        await reader.send(["x" * 3000, "x" * 3000])

        assert await closed(reader) == 1009
        await door.until_open(0)


async def test_a_message_that_never_ends_ends_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_socket, "_GOODBYE_SECONDS", 0.2)
    endless = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 20_000

    async with open_door() as door, raw_reader(door) as peer:
        peer.writer.write(Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True) + endless)

        rest = await peer.rest()
        await door.until_open(0)

    assert (1008).to_bytes(2, "big") in rest


async def test_frames_of_no_known_kind_end_the_socket() -> None:
    async with open_door() as door, raw_reader(door) as peer:
        peer.writer.write(b"\x83\x80\0\0\0\0")

        assert (1002).to_bytes(2, "big") in await peer.rest()
        await door.until_open(0)


async def test_who_talks_without_end_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_socket, "_GOODBYE_SECONDS", 0.2)

    async with open_door() as door, raw_reader(door) as peer:
        peer.writer.write(Frame(Opcode.PING, b"x" * 100).serialize(mask=True) * 1000)

        rest = await peer.rest()

    assert (1008).to_bytes(2, "big") in rest


async def test_a_goodbye_is_answered() -> None:
    async with open_door() as door, door.connect() as reader:
        await reader.close(1000)

        assert reader.close_code == 1000
        await door.until_open(0)


async def test_sending_many_away_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "_FEWEST_AT_ONCE", 1)
    monkeypatch.setattr(audience, "_LEAVING_STEP_SECONDS", 0.01)

    async with open_door() as door, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(door.connect(f"user{number}")) for number in range(5)]
        leaving = asyncio.create_task(door.updates.hub.audience.send_away())
        await closed(readers[0])
        left_after_the_first = door.open_sockets
        codes = [await closed(reader) for reader in readers]
        await leaving

    assert left_after_the_first >= 1
    assert codes == [1012] * 5

"""The socket, byte by byte, against the library that it leaves the rare frames to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from stream_service.media.frames import LARGEST_MESSAGE_BYTES
from stream_service.media.web_socket import (
    LARGEST_QUEUE_BYTES,
    MOST_RARE_FRAMES,
    Patience,
    WebSocket,
)

logging.getLogger("websockets.server").setLevel(logging.CRITICAL)
PATIENCE = Patience(read_seconds=5, silent_seconds=10, close_seconds=3)


class Timer:
    """What `call_later` returns."""

    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.is_over = False

    def cancel(self) -> None:
        self.is_over = True


class Clock:
    """The event loop's timers, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def call_later(self, delay: float, callback: Callable[..., None], *args: Any) -> Timer:
        timer = Timer(self.now + delay, lambda: callback(*args))
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for timer in [timer for timer in self.timers if timer.at <= self.now and not timer.is_over]:
            timer.is_over = True
            timer.callback()

    @property
    def pending(self) -> int:
        return sum(not timer.is_over for timer in self.timers)


class Wire(asyncio.Transport):
    """A transport whose other end is the test; as strict as uvloop's about writing after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: WebSocket
        self.sent = b""
        self.buffered = 0
        self.has_ended = False
        self.was_aborted = False
        self.is_reading_paused = True

    def write(self, data: Any) -> None:
        assert not self.is_closing()
        self.sent += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def is_closing(self) -> bool:
        return self.was_aborted

    def abort(self) -> None:
        if not self.was_aborted:
            self.was_aborted = True
            self.protocol.connection_lost(None)

    def close(self) -> None:
        self.abort()

    def resume_reading(self) -> None:
        self.is_reading_paused = False

    def get_write_buffer_size(self) -> int:
        return self.buffered


def opened() -> ServerProtocol:
    """The library's side of a handshake that went well."""
    return ServerProtocol(max_size=LARGEST_MESSAGE_BYTES, state=State.OPEN)


class Call:
    """A socket that a listener listens to."""

    def __init__(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", clock.call_later)
        self.clock = clock
        self.wire = Wire()
        self.socket = WebSocket(self.wire, opened(), PATIENCE)
        self.wire.protocol = self.socket
        self.heard: list[bytes] = []
        self.listening = asyncio.ensure_future(self.socket.receive(self.heard.append))

    def sends(self, *frames: bytes) -> None:
        for frame in frames:
            self.socket.data_received(frame)

    async def ends(self) -> None:
        """Let the listener learn of the end, which must have come already."""
        for _ in range(3):
            await asyncio.sleep(0)
        assert self.listening.done()
        self.listening.result()

    def gets(self) -> list[Frame]:
        """The frames that the peer got."""
        frames: list[Frame] = []
        data = self.wire.sent
        while data:
            size = data[1]
            head = 2 if size < 126 else 4 if size == 126 else 10
            length = size if size < 126 else int.from_bytes(data[2:head], "big")
            frames.append(Frame(Opcode(data[0] & 0x0F), data[head : head + length], bool(data[0] & 0x80)))
            data = data[head + length :]
        return frames


@pytest.fixture
async def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    call = Call(Clock(), monkeypatch)
    await asyncio.sleep(0)
    return call


def text(content: bytes, *, fin: bool = True, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, content, fin).serialize(mask=True)


def goodbye(code: int) -> bytes:
    return Frame(Opcode.CLOSE, Close(CloseCode(code), "").serialize()).serialize(mask=True)


# Whole messages of all three lengths of the length, fragments in and out of order, control frames, broken bytes.
frames = st.one_of(
    st.builds(text, st.sampled_from([b"", b"x", b"x" * 125, b"x" * 126, b"x" * 396, b"x" * 65_536, b"x" * 65_537])),
    st.builds(
        text,
        st.binary(max_size=20),
        fin=st.booleans(),
        opcode=st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]),
    ),
    st.builds(
        lambda opcode, content: Frame(opcode, content).serialize(mask=True),
        st.sampled_from([Opcode.PING, Opcode.PONG]),
        st.binary(max_size=125),
    ),
    st.builds(goodbye, st.sampled_from([1000, 1001, 1011])),
    st.builds(lambda content: Frame(Opcode.TEXT, content).serialize(mask=False), st.binary(max_size=20)),
    st.binary(min_size=1, max_size=20),
    st.builds(
        lambda head, rest: head + rest, st.sampled_from([b"\x81\xfe", b"\x81\xff", b"\x01\xff"]), st.binary(max_size=9)
    ),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 500), min_size=1, max_size=30))
def test_every_stream_of_bytes_means_what_it_means_to_the_library(stream: list[bytes], sizes: list[int]) -> None:
    data = b"".join(stream)
    wire, heard = Wire(), list[bytes]()

    async def listen() -> None:
        wire.protocol = WebSocket(wire, opened(), PATIENCE)
        listening = asyncio.ensure_future(wire.protocol.receive(heard.append))
        await asyncio.sleep(0)
        at, turn = 0, 0
        while at < len(data):
            size = sizes[turn % len(sizes)] if len(data) < 10_000 else 7919
            wire.protocol.data_received(data[at : at + size])
            at, turn = at + size, turn + 1
        wire.abort()
        await listening

    asyncio.run(listen())

    expected, answers, ends = read_by_library(data)
    assert heard == expected
    assert wire.sent == answers
    assert wire.has_ended == ends


def read_by_library(data: bytes) -> tuple[list[bytes], bytes, bool]:
    """Messages, bytes answered, and whether it would end the connection."""
    library = opened()
    library.receive_data(data)
    messages, fragments = list[bytes](), list[bytes]()
    for frame in library.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            fragments.append(bytes(frame.data))
            if frame.fin:
                messages.append(b"".join(fragments))
                fragments.clear()
    answers = library.data_to_send()
    return messages, b"".join(answers), b"" in answers


async def test_nothing_is_read_before_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    socket = WebSocket(wire, opened(), PATIENCE)

    assert wire.is_reading_paused
    wire.protocol = socket
    wire.abort()


async def test_a_message_in_the_middle_of_another_ends_the_call(call: Call) -> None:
    call.sends(text(b"", fin=False), text(b"another"))

    await call.ends()
    assert call.heard == []
    assert call.gets()[-1].data[:2] == (1002).to_bytes(2, "big")
    assert call.socket.was_cut


async def test_a_message_that_would_be_too_large_is_not_waited_for(call: Call) -> None:
    call.sends(b"\x81\xff" + (LARGEST_MESSAGE_BYTES + 1).to_bytes(8, "big"))

    await call.ends()
    assert call.gets()[-1].data[:2] == (1009).to_bytes(2, "big")


async def test_what_follows_a_broken_frame_is_not_looked_at(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    call.sends(*[b"\x8f\x80 no such frame"] * 3)

    await call.ends()
    assert [record.message for record in caplog.records] == ["media_protocol_error"]


async def test_what_the_listener_starts_belongs_to_the_call(call: Call) -> None:
    call_sid: ContextVar[str] = ContextVar("call_sid")
    call_sid.set("CA1")
    heard_in: list[str] = []
    listening = asyncio.ensure_future(call.socket.receive(lambda _: heard_in.append(call_sid.get())))
    await asyncio.sleep(0)
    call_sid.set("the server's own")

    call.sends(text(b"hello"))

    assert heard_in == ["CA1"]
    call.wire.abort()
    await call.ends()
    await listening


async def test_a_failure_of_the_listener_ends_the_call_with_it(call: Call) -> None:
    def fail(_message: bytes) -> None:
        raise ValueError("a bug")

    listening = asyncio.ensure_future(call.socket.receive(fail))
    await asyncio.sleep(0)

    call.sends(text(b"hello"))

    with pytest.raises(ValueError, match="a bug"):
        await listening
    assert call.gets()[-1].data[:2] == (1011).to_bytes(2, "big")


@pytest.mark.parametrize(("code", "was_cut"), [(1000, False), (1001, False), (1011, True), (1012, True)])
async def test_a_goodbye_is_answered_and_its_reason_told(call: Call, code: int, *, was_cut: bool) -> None:
    call.sends(goodbye(code))

    await call.ends()
    assert call.gets() == [Frame(Opcode.CLOSE, code.to_bytes(2, "big"))]
    assert call.socket.was_cut is was_cut


async def test_a_goodbye_without_a_reason_is_orderly(call: Call) -> None:
    call.sends(Frame(Opcode.CLOSE, b"").serialize(mask=True))

    await call.ends()
    assert not call.socket.was_cut


async def test_a_connection_lost_without_a_word_was_cut(call: Call) -> None:
    call.wire.abort()

    await call.ends()
    assert call.socket.was_cut


async def test_nothing_is_left_when_the_connection_is_gone(call: Call) -> None:
    call.socket.pause_writing()
    call.socket.close()
    call.sends(goodbye(1000))

    call.wire.abort()
    await call.ends()
    call.socket.close()

    assert call.clock.pending == 0


async def test_a_peer_that_pings_and_does_not_read_the_answers_is_cut_off(call: Call) -> None:
    call.socket.pause_writing()
    call.wire.buffered = LARGEST_QUEUE_BYTES + 1

    call.sends(Frame(Opcode.PING, b"?").serialize(mask=True))

    assert call.wire.was_aborted
    assert call.socket.was_cut


async def test_messages_wait_while_the_peer_does_not_read(call: Call) -> None:
    call.socket.send(b"first")
    call.socket.pause_writing()
    call.socket.send(b"second")
    assert [frame.data for frame in call.gets()] == [b"first"]

    call.socket.resume_writing()

    assert [frame.data for frame in call.gets()] == [b"first", b"second"]


async def test_a_peer_that_reads_again_has_all_its_time_back(call: Call) -> None:
    call.wire.buffered = 70_000
    call.socket.pause_writing()

    call.socket.resume_writing()
    call.clock.advance(PATIENCE.read_seconds)

    assert not call.wire.was_aborted


async def test_messages_that_wait_can_be_dropped(call: Call) -> None:
    call.socket.pause_writing()
    call.socket.send(b"stale")

    call.socket.drop_queued()
    call.socket.send(b"clear")
    call.socket.resume_writing()

    assert [frame.data for frame in call.gets()] == [b"clear"]


async def test_a_transport_that_fills_up_again_gets_no_more_than_it_takes(call: Call) -> None:
    call.socket.pause_writing()
    for number in range(3):
        call.socket.send(b"%d" % number)
    write = call.wire.write
    call.wire.write = lambda data: (write(data), call.socket.pause_writing())[0]  # type: ignore[method-assign]

    call.socket.resume_writing()

    assert [frame.data for frame in call.gets()] == [b"0"]


async def test_a_peer_that_reads_nothing_is_cut_off(call: Call) -> None:
    call.wire.buffered = 70_000
    call.socket.pause_writing()

    call.clock.advance(PATIENCE.read_seconds)

    await call.ends()
    assert call.socket.was_cut
    assert call.wire.was_aborted


async def test_a_peer_that_reads_slowly_is_not(call: Call) -> None:
    call.wire.buffered = 70_000
    call.socket.pause_writing()

    for _ in range(3):
        call.wire.buffered -= 10_000
        call.clock.advance(PATIENCE.read_seconds)
        call.sends(text(b"still here"))

    assert not call.wire.was_aborted
    call.clock.advance(PATIENCE.read_seconds)
    assert call.wire.was_aborted


async def test_more_than_may_wait_cuts_the_call_off(call: Call) -> None:
    call.socket.pause_writing()
    for _ in range(LARGEST_QUEUE_BYTES // 50_000):
        call.socket.send(bytes(50_000))
    assert not call.wire.was_aborted

    call.socket.send(b"x")

    assert call.wire.was_aborted
    assert call.socket.was_cut


async def test_a_silent_peer_is_asked_and_cut_off_if_it_stays_silent(call: Call) -> None:
    call.sends(text(b"hello"))
    call.clock.advance(PATIENCE.silent_seconds)
    assert call.gets() == []

    call.clock.advance(PATIENCE.silent_seconds)
    assert call.gets() == [Frame(Opcode.PING, b"")]
    assert not call.wire.was_aborted
    call.clock.advance(PATIENCE.silent_seconds)

    assert call.wire.was_aborted
    assert call.socket.was_cut


async def test_a_sign_of_life_is_enough(call: Call) -> None:
    for _ in range(2):
        call.clock.advance(PATIENCE.silent_seconds)
        call.clock.advance(PATIENCE.silent_seconds)
        call.sends(Frame(Opcode.PONG, b"").serialize(mask=True))

    assert not call.wire.was_aborted


async def test_signs_of_life_without_a_message_are_not_enough_for_ever(call: Call) -> None:
    for _ in range(int(PATIENCE.idle_seconds / PATIENCE.silent_seconds) + 1):
        assert not call.socket.was_cut
        call.sends(Frame(Opcode.PING, b"").serialize(mask=True))
        call.clock.advance(PATIENCE.silent_seconds)

    await call.ends()
    assert call.socket.was_cut
    assert call.gets()[-1] == Frame(Opcode.CLOSE, (1008).to_bytes(2, "big"))


async def test_a_message_now_and_then_keeps_the_socket_open(call: Call) -> None:
    for _ in range(5):
        for _ in range(3):
            call.sends(Frame(Opcode.PONG, b"").serialize(mask=True))
            call.clock.advance(PATIENCE.silent_seconds)
        call.sends(text(b"au", fin=False), text(b"dio", opcode=Opcode.CONT))

    assert not call.socket.was_cut


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG, Opcode.CONT])
async def test_a_flood_of_frames_that_are_no_messages_ends_the_socket(call: Call, opcode: Opcode) -> None:
    call.sends(text(b"", fin=False))
    frame = Frame(opcode, b"", fin=opcode is not Opcode.CONT).serialize(mask=True)

    call.sends(frame * MOST_RARE_FRAMES * 2)

    await call.ends()
    assert call.socket.was_cut
    assert call.gets()[-1] == Frame(Opcode.CLOSE, (1008).to_bytes(2, "big"))
    assert len(call.gets()) <= MOST_RARE_FRAMES + 1
    call.clock.advance(PATIENCE.close_seconds)
    assert (call.wire.was_aborted, call.clock.pending) == (True, 0)


async def test_frames_that_come_slowly_enough_are_no_flood(call: Call) -> None:
    ping = Frame(Opcode.PING, b"").serialize(mask=True)

    for _ in range(3):
        call.sends(ping * (MOST_RARE_FRAMES - 1), text(b"audio"))
        call.clock.advance(PATIENCE.silent_seconds)

    assert not call.socket.was_cut


async def test_pieces_that_are_too_large_together_end_the_socket(call: Call) -> None:
    half = bytes(LARGEST_MESSAGE_BYTES // 2 + 1)

    call.sends(text(half, fin=False), text(half, opcode=Opcode.CONT))

    await call.ends()
    assert call.heard == []
    assert call.gets()[-1].data[:2] == (1009).to_bytes(2, "big")


async def test_a_socket_that_closed_before_anybody_listened_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", Clock().call_later)
    wire = Wire()
    wire.was_aborted = True  # and nobody was told
    socket = WebSocket(wire, opened(), PATIENCE)

    listening = asyncio.ensure_future(socket.receive(print))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (listening.done(), socket.was_cut) == (True, True)


async def test_a_goodbye_waits_for_what_was_queued_before(call: Call) -> None:
    call.socket.pause_writing()
    call.socket.send(b"last words")
    call.socket.close()
    call.socket.send(b"too late")
    assert call.gets() == []

    call.socket.resume_writing()
    call.sends(goodbye(1000))

    await call.ends()
    assert [frame.data for frame in call.gets()] == [b"last words", (1000).to_bytes(2, "big")]
    assert call.wire.has_ended
    assert not call.socket.was_cut


async def test_what_comes_after_our_goodbye_is_not_handed_on(call: Call) -> None:
    call.socket.close()

    call.sends(text(b"audio"), text(b"au", fin=False), text(b"dio", opcode=Opcode.CONT))

    assert call.heard == []


async def test_a_peer_that_ignores_our_goodbye_is_left(call: Call) -> None:
    call.socket.close()

    call.clock.advance(PATIENCE.close_seconds)

    await call.ends()
    assert call.wire.was_aborted
    assert not call.socket.was_cut


async def test_a_socket_that_is_gone_takes_messages_and_goodbyes_in_silence(call: Call) -> None:
    call.wire.abort()
    await call.ends()

    await call.socket.receive(call.heard.append)
    call.socket.send(b"audio")
    call.socket.close()

    assert call.wire.sent == b""
    assert call.clock.pending == 0


async def test_a_server_that_stops_says_so(call: Call) -> None:
    call.socket.shutdown()

    await call.ends()
    assert call.gets() == [Frame(Opcode.CLOSE, (1012).to_bytes(2, "big"))]
    assert call.socket.was_cut

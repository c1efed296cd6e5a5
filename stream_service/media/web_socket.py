"""The server's end of an accepted WebSocket: one callback per message in, no task, queue or timer per frame."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.speedups import apply_mask

from shared.observability import logger
from stream_service.media.frames import MASK_BYTES, WHOLE_TEXT, next_frame

# Some three minutes of speech: more than any answer has, less than would hurt with all calls at once.
LARGEST_QUEUE_BYTES = 2_000_000
# Pings, pongs and fragments between two looks at the peer. Twilio sends none; each costs as much as six messages.
MOST_RARE_FRAMES = 1000
# What the kernel may hold for a peer that does not read; without this it grows to minutes of audio.
_KERNEL_BUFFER_BYTES = 65_536
_ORDERLY = frozenset({CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a peer may keep us waiting.

    Attributes:
        read_seconds: without reading any of what we send.
        silent_seconds: without sending anything; then it is asked for a sign of life, and given the same time again.
        idle_seconds: without a message, whatever signs of life it gives: audio comes all the time.
        close_seconds: between our goodbye and its own.
    """

    read_seconds: float = 5
    silent_seconds: float = 10
    idle_seconds: float = 60
    close_seconds: float = 5


class WebSocket(asyncio.Protocol):
    """Messages over a transport whose handshake is done.

    RFC 6455 is left to the `websockets` library, but for the frame that comes fifty times a second and call: a text
    message in one piece is read right here, at a seventh of the cost.
    """

    def __init__(self, transport: asyncio.Transport, handshaken: ServerProtocol, patience: Patience) -> None:
        self._transport = transport
        self._protocol = handshaken
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._context = copy_context()
        self._on_message: Callable[[bytes], None] = _nobody_listens
        self._incomplete = b""
        self._pieces: bytearray | None = None
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._close_code = CloseCode.NORMAL_CLOSURE
        self._deadline: asyncio.TimerHandle | None = None
        self._was_cut = False
        self._was_heard = True
        self._was_asked = False
        self._was_told = True
        self._idle_seconds = 0.0
        self._rare_frames = 0
        self._silence = self._loop.call_later(patience.silent_seconds, self._watch_silence)
        _bound_kernel_buffer(transport)

    @property
    def was_cut(self) -> bool:
        """Whether the socket broke off, as no side that means to end it leaves it."""
        return self._was_cut

    async def receive(self, on_message: Callable[[bytes], None]) -> None:
        """Hand over every message, in order, until the socket is closed. What the listener raises ends it too."""
        self._on_message = on_message
        # Callbacks of a transport run in the server's context; the listener's logs and tasks belong to this call.
        self._context = copy_context()
        if self._transport.is_closing():
            self._was_cut = self._was_cut or not self._is_closing
            self._end()
        else:
            self._transport.resume_reading()
        await asyncio.shield(self._closed)

    def send(self, message: bytes) -> None:
        """Send a text message; it waits here while the peer does not read, and never makes the caller wait."""
        if self._is_closing or self._protocol.state is not State.OPEN:
            return
        if self._stalled is None:
            self._protocol.send_text(message)
            self._write()
        elif self._queued_bytes + len(message) > LARGEST_QUEUE_BYTES:
            self._cut("media_queue_overflow")
        else:
            self._queue.append(message)
            self._queued_bytes += len(message)

    def drop_queued(self) -> None:
        """Forget the messages that still wait here."""
        self._queue.clear()
        self._queued_bytes = 0

    def close(self, code: CloseCode = CloseCode.NORMAL_CLOSURE) -> None:
        """Say goodbye once everything queued is sent. Doing it twice does no harm."""
        if self._is_closing:
            return
        self._is_closing = True
        self._close_code = code
        if not self._queue:
            self._say_goodbye()

    def shutdown(self) -> None:
        """Break off, because the server stops; called by uvicorn."""
        self._was_cut = self._was_cut or self._protocol.state is State.OPEN
        self.drop_queued()
        self.close(CloseCode.SERVICE_RESTART)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent; called by the event loop."""
        self._was_heard = True
        try:
            self._context.run(self._read, data)
        except Exception as error:  # noqa: BLE001 - raised again where the call awaits the end of its socket
            self._end(error)
            self._protocol.fail(CloseCode.INTERNAL_ERROR)
            self._write()

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note that the connection is gone; called by the event loop."""
        for timer in (self._stalled, self._deadline, self._silence):
            if timer is not None:
                timer.cancel()
        self._was_cut = self._was_cut or not (self._closed.done() or self._is_closing)
        self._end()

    def pause_writing(self) -> None:
        """Keep messages back, and give the peer some seconds to read; called by the event loop."""
        self._stalled = self._loop.call_later(
            self._patience.read_seconds, self._watch_reading, self._transport.get_write_buffer_size()
        )

    def resume_writing(self) -> None:
        """Send what was kept back; called by the event loop."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self._send_queued()
        if self._is_closing and not self._queue:
            self._say_goodbye()

    def _send_queued(self) -> None:
        """Send what was kept back, until the transport is full again."""
        while self._queue and self._stalled is None and self._protocol.state is State.OPEN:
            message = self._queue.popleft()
            self._queued_bytes -= len(message)
            self._protocol.send_text(message)
            self._write()

    def _read(self, data: bytes) -> None:
        """Read whole frames; what is left is the beginning of the next one."""
        if self._incomplete:
            data = self._incomplete + data
        at = 0
        while not self._closed.done() and (frame := next_frame(data, at)) is not None:
            payload, end = frame
            if data[at] == WHOLE_TEXT and payload and self._pieces is None and self._protocol.state is State.OPEN:
                self._was_told = True
                self._on_message(apply_mask(data[payload:end], data[payload - MASK_BYTES : payload]))
            else:
                self._take_rare_frame(data[at:end])
            at = end
        self._incomplete = data[at:]

    def _take_rare_frame(self, frame: bytes) -> None:
        """Let the library see a fragment, a ping, a goodbye, or what is no frame at all."""
        self._rare_frames += 1
        if self._rare_frames > MOST_RARE_FRAMES:
            self._send_away("media_frames_without_use")
            return
        was_open = self._protocol.state is State.OPEN
        self._protocol.receive_data(frame)
        for event in self._protocol.events_received():
            if was_open and isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                if self._pieces is None:
                    self._pieces = bytearray()
                self._pieces += event.data
                if event.fin:
                    message, self._pieces = bytes(self._pieces), None
                    self._was_told = True
                    self._on_message(message)
        self._write()
        if self._protocol.parser_exc is not None:
            logger.warning("media_protocol_error", problem=type(self._protocol.parser_exc).__name__)
            self._was_cut = True
            self._end()
        elif self._protocol.close_rcvd is not None:
            self._was_cut = self._was_cut or not (self._is_closing or self._protocol.close_rcvd.code in _ORDERLY)
            self._end()

    def _write(self) -> None:
        """Give the transport what the library has for it; an empty piece is the end of all sending."""
        for piece in self._protocol.data_to_send():
            if self._transport.is_closing():
                return  # uvloop's transports raise then, asyncio's do not
            if piece:
                self._transport.write(piece)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
                self._await_the_end()
        if self._stalled is not None and self._transport.get_write_buffer_size() > LARGEST_QUEUE_BYTES:
            self._cut("pings_without_reading")

    def _say_goodbye(self) -> None:
        if self._protocol.state is State.OPEN and not self._transport.is_closing():
            self._protocol.send_close(self._close_code)
            self._write()
            self._transport.resume_reading()
            self._await_the_end()

    def _await_the_end(self) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(self._patience.close_seconds, self._transport.abort)

    def _watch_reading(self, unread_bytes: int) -> None:
        """Break off a peer that has read nothing since the last look."""
        left = self._transport.get_write_buffer_size()
        if left >= unread_bytes:
            self._cut("peer_does_not_read")
        else:
            self._stalled = self._loop.call_later(self._patience.read_seconds, self._watch_reading, left)

    def _watch_silence(self) -> None:
        """Break off a peer that is silent even when asked: audio comes all the time, whether or not anybody speaks."""
        self._rare_frames = 0
        self._idle_seconds = 0.0 if self._was_told else self._idle_seconds + self._patience.silent_seconds
        self._was_told = False
        if self._idle_seconds >= self._patience.idle_seconds:
            self._send_away("peer_is_idle")
            return
        if self._was_heard:
            self._was_heard = self._was_asked = False
        elif self._was_asked:
            self._cut("peer_is_silent")
            return
        elif self._protocol.state is State.OPEN:
            self._was_asked = True
            self._protocol.send_ping(b"")
            self._write()
        self._silence = self._loop.call_later(self._patience.silent_seconds, self._watch_silence)

    def _send_away(self, why: str) -> None:
        """End the socket of a peer that lives, and says nothing of use."""
        logger.warning("media_socket_cut", reason=why)
        self._was_cut = True
        self.drop_queued()
        self._protocol.fail(CloseCode.POLICY_VIOLATION)
        self._write()
        self._end()

    def _cut(self, why: str) -> None:
        logger.warning("media_socket_cut", reason=why)
        self._was_cut = True
        self._is_closing = True
        self.drop_queued()
        self._transport.abort()

    def _end(self, error: Exception | None = None) -> None:
        if self._closed.done():
            return
        if error is None:
            self._closed.set_result(None)
        else:
            self._closed.set_exception(error)
            self._closed.exception()  # whoever listened may be gone; then nobody asks


def _bound_kernel_buffer(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)


def _nobody_listens(_message: bytes) -> None:
    """Reading is paused until somebody listens; what still comes is of no call."""

"""The server's end of an updates socket: whole frames go to the transport, and nothing waits here for a slow reader."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.server import ServerProtocol

from shared.observability import count, logger
from stream_service.updates.peer_watch import PeerWatch, Step
from stream_service.updates.recent import RecentUpdates

LARGEST_MESSAGE_BYTES = 4096
"""Clients have nothing to say here; larger messages end the socket with 1009."""

SIGN_IN_ENDED = 4401
"""The close code for a reader whose bearer token has ended: like the status 401, among the codes for private use."""

# What may be on its way to one reader: in the kernel, and in the transport before it is stopped.
_KERNEL_BUFFER_BYTES = 65_536
_HIGH_WATER_BYTES, _LOW_WATER_BYTES = 65_536, 16_384
_WRITE_AT_ONCE_BYTES = 32_768
_GOODBYE_SECONDS = 5.0
# A slow reader finds out why it was dropped if it reads within this time.
_SLOW_GOODBYE_SECONDS = 30.0
_PING = b"\x89\x00"  # Source: RFC 6455, section 5.5.2.
_REASONS: dict[Step, tuple[int, str]] = {
    Step.DROP_SLOW: (CloseCode.TRY_AGAIN_LATER, "too slow"),
    Step.DROP_SILENT: (CloseCode.TRY_AGAIN_LATER, "no answer to a ping"),
    Step.DROP_TALKATIVE: (CloseCode.POLICY_VIOLATION, "nothing is to be sent here"),
    Step.END_SIGN_IN: (SIGN_IN_ENDED, "the token has ended; connect again with a new ticket"),
}


class UpdateSocket(asyncio.Protocol):
    """Sends a reader what it has not got yet, for as long as it reads."""

    __slots__ = (
        "_connections",
        "_deadline",
        "_is_stalled",
        "_loop",
        "_next",
        "_on_end",
        "_protocol",
        "_recent",
        "_transport",
        "_watch",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        handshaken: ServerProtocol,
        recent: RecentUpdates,
        first: int,
        *,
        seconds_left: float,
        connections: set[UpdateSocket],
    ) -> None:
        """`first` is the number of the first update that the reader wants; it may listen for `seconds_left`.

        The socket is among the `connections` from now on, until its connection is gone.
        """
        self._connections = connections
        connections.add(self)
        self._transport = transport
        self._protocol = handshaken
        self._recent = recent
        self._next = first
        self._loop = asyncio.get_running_loop()
        self._watch = PeerWatch(self._loop.time(), ends_at=self._loop.time() + seconds_left)
        self._is_stalled = False
        self._deadline: asyncio.TimerHandle | None = None
        self._on_end: Callable[[], None] | None = None
        transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES, low=_LOW_WATER_BYTES)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)

    @property
    def is_open(self) -> bool:
        """Whether updates are sent."""
        return self._protocol.state is State.OPEN and not self._transport.is_closing()

    def when_over(self, on_end: Callable[[], None]) -> None:
        """Call this once, as soon as no more updates are sent."""
        self._on_end = on_end

    def say(self, frame: bytes) -> None:
        """Send something that no other reader gets, before the updates."""
        self._transport.write(frame)

    def feed(self) -> None:
        """Send what is new, as far as the reader takes it. Never blocks; what it does not take stays where it is."""
        if not self.is_open:
            return
        if self._next < self._recent.first:
            self._drop(Step.DROP_SLOW)
            return
        end = self._recent.end
        while self._next < end and not self._is_stalled:
            frames, self._next = self._recent.frames_from(self._next, most_bytes=_WRITE_AT_ONCE_BYTES)
            self._transport.write(frames)

    def look(self, now: float) -> None:
        """Ping or drop the reader if it is time; asked about once a second."""
        if not self.is_open:
            return
        step = self._watch.next_step(now)
        if step is Step.PING:
            self._transport.write(_PING)
        elif step is not Step.WAIT:
            self._drop(step)

    def close(self, code: int, reason: str, *, patience_seconds: float = _GOODBYE_SECONDS) -> None:
        """Say goodbye behind what was sent; a peer that does not answer in time is cut off. Twice does no harm."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._write()
        self._await_the_end(patience_seconds)
        self._end()

    def shutdown(self) -> None:
        """Say goodbye, because the server stops; called by uvicorn."""
        self.close(CloseCode.SERVICE_RESTART, "the server restarts", patience_seconds=1)

    def data_received(self, data: bytes) -> None:
        """Take signs of life and the goodbye; whatever else is said is ignored. Called by the event loop."""
        self._watch.heard(len(data))
        if self._watch.talks_too_much:
            self._transport.pause_reading()
            self.look(self._loop.time())
            return
        self._protocol.receive_data(data)
        self._protocol.events_received()
        self._write()
        if self._protocol.state is not State.OPEN:
            self._await_the_end(_GOODBYE_SECONDS)
            self._end()

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note that the connection is gone; called by the event loop."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.discard(self)
        self._end()

    def pause_writing(self) -> None:
        """The reader does not keep up; called by the event loop."""
        self._is_stalled = True
        self._watch.stalled(self._loop.time())

    def resume_writing(self) -> None:
        """The reader has taken most of it; called by the event loop."""
        self._is_stalled = False
        self._watch.flows()
        self.feed()

    def _drop(self, because: Step) -> None:
        code, reason = _REASONS[because]
        logger.info("update_socket_dropped", reason=because.value)
        if because is not Step.END_SIGN_IN:
            count("update_sockets_dropped")
        is_slow = because is Step.DROP_SLOW
        self.close(code, reason, patience_seconds=_SLOW_GOODBYE_SECONDS if is_slow else _GOODBYE_SECONDS)

    def _write(self) -> None:
        """Give the transport what the library has for it; an empty piece is the end of all sending."""
        for piece in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if piece:
                self._transport.write(piece)
            else:
                self._transport.close()

    def _await_the_end(self, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(seconds, self._transport.abort)

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

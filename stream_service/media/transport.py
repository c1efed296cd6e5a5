"""The media stream: events are handed over one by one, audio goes out without ever blocking who sends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from websockets.frames import CloseCode

from shared.errors import InvalidRequest
from shared.observability import logger
from stream_service.media import protocol
from stream_service.media.protocol import Start, StreamEvent

_UNREADABLE_WARNINGS = 5


class MessageSocket(Protocol):
    """Whole messages in both directions, until one side closes."""

    @property
    def was_cut(self) -> bool:
        """Whether the socket broke off, as no side that means to end it leaves it."""

    async def receive(self, on_message: Callable[[bytes], None]) -> None:
        """Hand over every message, in order, until the socket is closed."""

    def send(self, message: bytes) -> None:
        """Send a message, or keep it while the peer does not read. Never blocks."""

    def drop_queued(self) -> None:
        """Forget the messages that were kept."""

    def close(self, code: CloseCode = CloseCode.NORMAL_CLOSURE) -> None:
        """Close once everything kept is sent."""


class MediaTransport:
    """One media stream over an accepted socket. Implements AudioSink."""

    def __init__(self, socket: MessageSocket) -> None:
        self._socket = socket
        self._stream_sid = ""
        self._unreadable = 0
        self._on_event: Callable[[StreamEvent], None] = _ignore

    @property
    def was_cut(self) -> bool:
        """Whether the socket broke off, as no side that means to end it leaves it."""
        return self._socket.was_cut

    async def run(self, on_event: Callable[[StreamEvent], None]) -> None:
        """Hand every event to the listener, in order, until the socket is closed. What the listener raises ends it."""
        self._on_event = on_event
        await self._socket.receive(self._read)

    def play(self, mulaw: bytes) -> None:
        """Queue audio for the caller."""
        self._socket.send(protocol.encode_media(self._stream_sid, mulaw))

    def mark(self, name: str) -> None:
        """Ask to be told when everything queued so far was played."""
        self._socket.send(protocol.encode_mark(self._stream_sid, name))

    def clear(self) -> None:
        """Drop all audio that is not yet played, here and at Twilio."""
        self._socket.drop_queued()
        self._socket.send(protocol.encode_clear(self._stream_sid))

    def close(self) -> None:
        """Close the socket once everything queued is sent."""
        self._socket.close()

    async def refuse(self) -> None:
        """Close a socket that is not served."""
        self._socket.close(CloseCode.POLICY_VIOLATION)

    def _read(self, message: bytes) -> None:
        try:
            event = protocol.decode(message)
        except InvalidRequest:
            self._unreadable += 1
            if self._unreadable <= _UNREADABLE_WARNINGS:
                logger.warning("media_message_unreadable")
            return
        if event is None:
            return
        if isinstance(event, Start):
            self._stream_sid = event.stream_sid
        self._on_event(event)


def _ignore(_event: StreamEvent) -> None:
    """Nobody listens yet."""

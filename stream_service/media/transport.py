"""The media stream's socket: events are handed over one by one, audio goes out without ever blocking who sends it."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from shared.errors import InvalidRequest
from shared.observability import logger
from stream_service.media import protocol
from stream_service.media.protocol import Start, StreamEvent

# The message types of the ASGI specification; the server owns their keys and values.
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SEND_TIMEOUT_SECONDS = 5
# Some three minutes of speech: more than any answer has, less than would hurt with all calls at once.
QUEUED_BYTES = 2_000_000
UNREADABLE_WARNINGS = 5
# RFC 6455, section 7.4.1.
_NORMAL_CLOSURE, _GOING_AWAY, _NO_STATUS = 1000, 1001, 1005
_POLICY_VIOLATION = 1008
_STREAM_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MediaTransport:
    """One media stream over an accepted WebSocket. Implements AudioSink.

    Messages out go through a queue and one sending task, so that a half-dead socket cannot hold up the reader: a send
    that takes longer than five seconds, or a queue that overflows, ends the call.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._stream_sid = ""
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._unreadable = 0
        self._has_work = asyncio.Event()
        self._is_closing = False
        self._was_cut = False

    @property
    def was_cut(self) -> bool:
        """Whether the socket broke off, as no side that means to end it leaves it."""
        return self._was_cut

    async def run(self, on_event: Callable[[StreamEvent], None]) -> None:
        """Hand every event to the listener, in order, until the socket closes or `close` has sent everything."""
        sending = asyncio.create_task(self._send_all())
        receiving = asyncio.create_task(self._receive_all(on_event))
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not self._was_cut:
                await receiving  # our own close comes back as the peer's
        finally:
            sending.cancel()
            receiving.cancel()
            ended = await asyncio.gather(sending, receiving, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _receive_all(self, on_event: Callable[[StreamEvent], None]) -> None:
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self._was_cut = not _is_orderly(message)
                return
            try:
                event = protocol.decode(message.get("text") or message.get("bytes") or b"")
            except InvalidRequest:
                self._tell_unreadable()
                continue
            if event is None:
                continue
            if isinstance(event, Start):
                self._stream_sid = _checked(event.stream_sid)
            on_event(event)

    def _tell_unreadable(self) -> None:
        self._unreadable += 1
        if self._unreadable <= UNREADABLE_WARNINGS:
            logger.warning("media_message_unreadable")

    def play(self, mulaw: bytes) -> None:
        """Queue audio for the caller."""
        self._put(protocol.encode_media(self._stream_sid, mulaw))

    def mark(self, name: str) -> None:
        """Ask to be told when everything queued so far was played."""
        self._put(protocol.encode_mark(self._stream_sid, name))

    def clear(self) -> None:
        """Drop all audio that is not yet played, here and at Twilio."""
        self._queue.clear()
        self._queued_bytes = 0
        self._put(protocol.encode_clear(self._stream_sid))

    def close(self) -> None:
        """Let the sender close the socket once everything queued is sent."""
        self._is_closing = True
        self._has_work.set()

    async def refuse(self) -> None:
        """Close a socket that is not served, unless the peer has left already."""
        with suppress(OSError, TimeoutError):
            await self._send_one({"type": "websocket.close", "code": _POLICY_VIOLATION})

    async def _send_all(self) -> None:
        """Send what is queued until the socket is closed or the peer does not read any more."""
        try:
            while True:
                await self._has_work.wait()
                self._has_work.clear()
                while self._queue:
                    message = self._queue.popleft()
                    self._queued_bytes -= len(message)
                    await self._send_one({"type": "websocket.send", "text": message})
                if self._is_closing:
                    await self._send_one({"type": "websocket.close", "code": _NORMAL_CLOSURE})
                    return
        except (OSError, TimeoutError):
            logger.warning("media_peer_does_not_read")
            self._was_cut = True

    async def _send_one(self, message: Message) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
            await self._send(message)

    def _put(self, message: str) -> None:
        if self._queued_bytes + len(message) > QUEUED_BYTES:
            logger.warning("media_queue_overflow")
            self.close()
            return
        self._queue.append(message)
        self._queued_bytes += len(message)
        self._has_work.set()


def _checked(stream_sid: str) -> str:
    """The sid goes into every message that we write by hand, so it must not hold a quote."""
    if not _STREAM_SID.fullmatch(stream_sid):
        raise InvalidRequest("The stream id is not one of Twilio's.")
    return stream_sid


def _is_orderly(disconnect: Message) -> bool:
    """Whether the peer said goodbye. uvicorn reports a lost connection as 1005 too, but then without a reason."""
    code = disconnect.get("code")
    return code in {_NORMAL_CLOSURE, _GOING_AWAY} or (code == _NO_STATUS and "reason" in disconnect)

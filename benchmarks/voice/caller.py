"""One call on a media stream: frames on absolute deadlines out, playback and marks as Twilio keeps them."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.voice.conversation import Conversation
from benchmarks.voice.door import RingingCall
from benchmarks.voice.media_socket import MediaSocket, open_socket
from benchmarks.voice.playback import NS_PER_MS, Playback
from local.simulators.media_messages import StreamScript
from local.simulators.phone_line import new_sid
from stream_service.media.audio import FRAME_MS

_FRAME_NS = FRAME_MS * NS_PER_MS


class _Media(msgspec.Struct):
    payload: str = ""


class _Mark(msgspec.Struct):
    name: str = ""


class _ServerMessage(msgspec.Struct):
    event: str
    media: _Media | None = None
    mark: _Mark | None = None


_decoder = msgspec.json.Decoder(_ServerMessage)


@dataclass(slots=True)
class Punctuality:
    """How late frames left, so that a run in which the generator itself was late can be told."""

    late_ms: Counter[int] = field(default_factory=Counter)

    def note(self, late_ns: int) -> None:
        """One frame left this long after its deadline."""
        self.late_ms[max(0, late_ns) // NS_PER_MS] += 1


class Caller:
    """A caller on the line until `hang_up`; everything happens in callbacks of the event loop."""

    def __init__(self, call: RingingCall, conversation: Conversation, punctuality: Punctuality) -> None:
        self.call = call
        self.conversation = conversation
        self.accept_ms = 0.0
        self.problem: str | None = None
        self.protocol_errors = 0
        self._punctuality = punctuality
        self._script = StreamScript(
            account_sid=call.identity.account_sid, call_sid=call.identity.call_sid, stream_sid=new_sid("MZ")
        )
        self._playback = Playback()
        self._socket: MediaSocket | None = None
        self._loop = asyncio.get_running_loop()
        self._frame_timer: asyncio.TimerHandle | None = None
        self._mark_timer: asyncio.TimerHandle | None = None
        self._started_ns = 0
        self._frames = 0
        self._messages = 1
        self._has_hung_up = False

    async def connect(self) -> None:
        """Open the socket and begin to talk.

        Raises:
            SocketRefused: it was not opened.
        """
        self._socket, self.accept_ms = await open_socket(self.call.socket, self._on_text, self._on_lost)
        self._socket.send(self._script.connected().encode())
        self._socket.send(self._script.start(self.call.parameters).encode())
        self._started_ns = time.monotonic_ns()
        self._await_frame(self._started_ns)

    def hang_up(self) -> None:
        """Say `stop` and close."""
        self._has_hung_up = True
        self._cancel_timers()
        if self._socket is not None:
            self._socket.send(self._script.stop().encode())
            self._socket.close()

    def drop(self) -> None:
        """Cut the connection if the server has not closed it by now."""
        if self._socket is not None:
            self._socket.abort()

    def _await_frame(self, now_ns: int) -> None:
        due_ns = self._started_ns + (self._frames + 1) * _FRAME_NS
        self._frame_timer = self._loop.call_later(max(0, due_ns - now_ns) / 1e9, self._send_frame, due_ns)

    def _send_frame(self, due_ns: int) -> None:
        now_ns = time.monotonic_ns()
        self._punctuality.note(now_ns - due_ns)
        stream_ms = self._frames * FRAME_MS
        payload = self.conversation.frame(stream_ms, at_ns=now_ns)
        self._frames += 1
        self._messages += 1
        # As Twilio writes it; a format string costs a tenth of a JSON encoder.
        message = (
            f'{{"event":"media","sequenceNumber":"{self._messages}","media":{{"track":"inbound","chunk":"{self._frames}"'
            f',"timestamp":"{stream_ms}","payload":"{payload}"}},"streamSid":"{self._script.stream_sid}"}}'
        )
        self._send(message)
        self._await_frame(now_ns)

    def _on_text(self, text: bytes) -> None:
        now_ns = time.monotonic_ns()
        try:
            message = _decoder.decode(text)
        except msgspec.DecodeError:
            self.protocol_errors += 1
            return
        if message.event == "media" and message.media is not None:
            mulaw = b64decode(message.media.payload)
            self.conversation.hear(mulaw, from_ns=self._playback.play(len(mulaw), at_ns=now_ns))
        elif message.event == "mark" and message.mark is not None:
            self._playback.mark(message.mark.name, at_ns=now_ns)
            self._echo_marks()
        elif message.event == "clear":
            self.conversation.cleared(at_ns=now_ns)
            self._send_marks(self._playback.clear(at_ns=now_ns))
        else:
            self.protocol_errors += 1

    def _echo_marks(self) -> None:
        """Echo what was reached, and wait for the next mark."""
        now_ns = time.monotonic_ns()
        self._send_marks(self._playback.reached(at_ns=now_ns))
        if self._mark_timer is not None:
            self._mark_timer.cancel()
            self._mark_timer = None
        next_ns = self._playback.next_mark_ns
        if next_ns is not None:
            # Rounded up: event loops count whole milliseconds and may be early.
            self._mark_timer = self._loop.call_later((next_ns - now_ns + NS_PER_MS) / 1e9, self._echo_marks)

    def _send_marks(self, names: list[str]) -> None:
        for name in names:
            self._messages += 1
            details: dict[str, Any] = {
                "event": "mark",
                "sequenceNumber": str(self._messages),
                "streamSid": self._script.stream_sid,
                "mark": {"name": name},
            }
            self._send(msgspec.json.encode(details).decode())

    def _send(self, message: str) -> None:
        if self._socket is not None:
            self._socket.send(message.encode())

    def _on_lost(self) -> None:
        self._cancel_timers()
        if not self._has_hung_up and self.problem is None:
            self.problem = "the server closed the socket"

    def _cancel_timers(self) -> None:
        for timer in (self._frame_timer, self._mark_timer):
            if timer is not None:
                timer.cancel()

"""Twilio and the caller behind it, in memory: the stream's clock is the audio, so no test ever waits."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.frames import CloseCode

from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, encode_mulaw

SILENCE = bytes([0xFF]) * FRAME_BYTES
VOICE = encode_mulaw((b"\x00\x30" * 4 + b"\x00\xd0" * 4) * (FRAME_BYTES // 8))
"""A square wave of 1 kHz: loud enough for a detector that listens to energy."""


class Caller:
    """Speaks the Media Streams protocol to a session, with Twilio's playback buffer. Is the session's MessageSocket.

    Audio that comes in is queued and played at the pace of the audio that goes out; a mark is echoed when everything
    before it was played; `clear` empties the buffer and echoes all outstanding marks at once.
    """

    def __init__(self, call_sid: str = "CA1") -> None:
        self._on_message: Callable[[bytes], None] | None = None
        self._unread: deque[bytes] = deque()
        self._closed = asyncio.Event()
        self._buffer: deque[tuple[str, bytes | str]] = deque()
        self._call_sid = call_sid
        self.now_ms = 0
        self.heard = bytearray()
        self.clears_ms: list[int] = []
        self.sounds_ms: list[int] = []
        self.is_closed = False
        self.was_cut = False

    async def receive(self, on_message: Callable[[bytes], None]) -> None:
        """Hand what the caller's side says to the session."""
        self._on_message = on_message
        while self._unread:
            on_message(self._unread.popleft())
        await self._closed.wait()

    def drop_queued(self) -> None:
        """Nothing waits here: the session's messages arrive at once."""

    def close(self, code: CloseCode = CloseCode.NORMAL_CLOSURE) -> None:
        """Close the socket, as the session wants it."""
        self.is_closed = True
        self._closed.set()

    def send(self, message: bytes) -> None:
        """Take what the session says."""
        event = json.loads(message)
        match event["event"]:
            case "media":
                self.sounds_ms.append(self.now_ms)
                self._buffer.append(("audio", base64.b64decode(event["media"]["payload"])))
            case "mark":
                self._buffer.append(("mark", event["mark"]["name"]))
            case "clear":
                self.clears_ms.append(self.now_ms)
                marks = [str(name) for kind, name in self._buffer if kind == "mark"]
                self._buffer.clear()
                for name in marks:
                    self._tell({"event": "mark", "mark": {"name": name}})

    async def start(self) -> None:
        """Open the stream."""
        self._tell({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self._tell({"event": "start", "streamSid": "MZ1", "start": {"callSid": self._call_sid, "accountSid": "AC1"}})
        await self._let_others_run()

    async def speak(self, milliseconds: int) -> None:
        """Say something that lasts so long."""
        await self._live(VOICE, milliseconds)

    async def listen(self, milliseconds: int) -> None:
        """Be silent for so long."""
        await self._live(SILENCE, milliseconds)

    async def hang_up(self) -> None:
        """End the call."""
        self.end_stream()
        await self._let_others_run()

    def end_stream(self) -> None:
        """Let the stream stop, as it does when anybody ends the call."""
        self._tell({"event": "stop", "stop": {"callSid": self._call_sid}})
        self._closed.set()

    async def press(self, digit: str) -> None:
        """Press a key."""
        self._tell({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})
        await self._let_others_run()

    async def break_off(self) -> None:
        """Lose the connection without a word, as a broken network does."""
        self.was_cut = True
        self._closed.set()
        await self._let_others_run()

    async def stop_before_start(self) -> None:
        """End a stream that never began."""
        self._tell({"event": "stop", "stop": {"callSid": self._call_sid}})
        await self._let_others_run()

    async def _live(self, frame: bytes, milliseconds: int) -> None:
        for _ in range(milliseconds // FRAME_MS):
            payload = base64.b64encode(frame).decode()
            self._tell({"event": "media", "media": {"timestamp": str(self.now_ms), "payload": payload}})
            self._play(FRAME_BYTES)
            self.now_ms += FRAME_MS
            await self._let_others_run()

    def _play(self, budget: int) -> None:
        while self._buffer:
            kind, content = self._buffer[0]
            if kind == "mark":
                self._tell({"event": "mark", "streamSid": "MZ1", "mark": {"name": content}})
                self._buffer.popleft()
                continue
            if budget == 0:
                return
            assert isinstance(content, bytes)
            self.heard += content[:budget]
            if len(content) > budget:
                self._buffer[0] = (kind, content[budget:])
                return
            budget -= len(content)
            self._buffer.popleft()

    @property
    def heard_ms(self) -> int:
        """How much of the agent's voice was played to the caller."""
        return len(self.heard) // BYTES_PER_MS

    @property
    def hears_something(self) -> bool:
        """Whether audio waits to be played."""
        return any(kind == "audio" for kind, _ in self._buffer)

    def _tell(self, event: dict[str, Any]) -> None:
        if event["event"] != "start":
            event = {"streamSid": "MZ1", **event}
        message = json.dumps(event).encode()
        if self._on_message is None:
            self._unread.append(message)
        elif not self._closed.is_set():
            self._on_message(message)

    async def _let_others_run(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

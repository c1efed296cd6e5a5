"""An executable model of what Twilio does with the messages of a bidirectional media stream.

Written from Twilio's page "Media Streams - WebSocket messages" and from nothing of ours: it reads and writes JSON
with the standard library, so that our codec is tested by another reader.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

BYTES_PER_MS = 8


class OutOfSchema(AssertionError):
    """Twilio would report warning 31923 or 31924, and ignore the message."""


@dataclass(slots=True)
class TwilioBuffer:
    """One stream: what waits to be played, and everything that was played. Time is in whole milliseconds.

    Attributes:
        played: all audio that reached the caller's ear, without the silence in between.
    """

    stream_sid: str
    now_ms: int = 0
    played: bytearray = field(default_factory=bytearray)
    _queue: deque[bytes | str] = field(default_factory=deque)
    _sequence: int = 1

    @property
    def held_ms(self) -> int:
        """Audio that waits to be played."""
        return sum(len(entry) for entry in self._queue if isinstance(entry, bytes)) // BYTES_PER_MS

    def receive(self, message: str) -> list[str]:
        """Take a message of the server; the messages that Twilio sends back at once.

        Raises:
            OutOfSchema: it is no message that Twilio documents.
        """
        match self._read(message):
            case {"event": "media", "media": {"payload": str(payload)}}:
                self._queue.append(_decoded(payload))
                return []
            case {"event": "mark", "mark": {"name": str(name)}} if name:
                self._queue.append(name)
                return self._reached()
            case {"event": "clear"}:
                pending = [entry for entry in self._queue if isinstance(entry, str)]
                self._queue.clear()
                return [self._echo(name) for name in pending]
        raise OutOfSchema(message)

    def advance(self, duration_ms: int) -> list[str]:
        """Play for this long, in real time; the marks that were reached, as messages."""
        self.now_ms += duration_ms
        wanted = duration_ms * BYTES_PER_MS
        echoes = self._reached()
        while wanted and self._queue:
            audio = self._queue.popleft()
            assert isinstance(audio, bytes), "marks at the front are always reached"
            self.played += audio[:wanted]
            if len(audio) > wanted:
                self._queue.appendleft(audio[wanted:])
            wanted -= min(wanted, len(audio))
            echoes += self._reached()
        return echoes

    def _reached(self) -> list[str]:
        """Echo the marks with nothing left to play before them."""
        echoes = []
        while self._queue and isinstance(self._queue[0], str):
            echoes.append(self._echo(self._queue.popleft()))
        return echoes

    def _echo(self, name: bytes | str) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": "mark",
                "sequenceNumber": str(self._sequence),
                "streamSid": self.stream_sid,
                "mark": {"name": name},
            }
        )

    def _read(self, message: str) -> dict[str, Any]:
        try:
            read = json.loads(message)
        except ValueError as error:
            raise OutOfSchema(message) from error
        if not isinstance(read, dict) or read.get("streamSid") != self.stream_sid:
            raise OutOfSchema(message)
        expected = {"event", "streamSid"} | ({str(read.get("event"))} - {"clear"})
        if set(read) != expected:
            raise OutOfSchema(message)
        return read


def _decoded(payload: str) -> bytes:
    try:
        audio = base64.b64decode(payload, validate=True)
    except binascii.Error as error:
        raise OutOfSchema(payload) from error
    if audio.startswith((b"RIFF", b".snd")):
        raise OutOfSchema("a file header is played as noise")
    return audio

"""Messages of a Twilio media stream, written as Twilio writes them and read as Twilio reads them. No I/O.

Source: Twilio, "Media Streams: WebSocket messages". All numbers are strings.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from stream_service.media.audio import SAMPLE_RATE_HZ, duration_ms


class MalformedMessage(Exception):
    """The server sent something that Twilio reports as error 31923 or 31924."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMessage:
    """The server wants this played: mu-law, 8 kHz, any length."""

    mulaw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkMessage:
    """The server wants this name echoed when everything before it was played."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearMessage:
    """The server wants everything that was not yet played forgotten."""


ServerMessage = AudioMessage | MarkMessage | ClearMessage


class StreamScript:
    """Writes the messages of one stream in order and numbers them."""

    def __init__(self, *, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self._account_sid = account_sid
        self._call_sid = call_sid
        self.stream_sid = stream_sid
        self._sequence_number = 0
        self._chunk = 0
        self._sent_ms = 0

    def connected(self) -> str:
        """The first message; it carries neither stream nor sequence number."""
        return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self, custom_parameters: Mapping[str, str]) -> str:
        """Describes the stream; sent once, straight after `connected`."""
        details = {
            "accountSid": self._account_sid,
            "streamSid": self.stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": SAMPLE_RATE_HZ, "channels": 1},
            "customParameters": dict(custom_parameters),
        }
        return self._numbered("start", start=details)

    def media(self, mulaw: bytes) -> str:
        """The caller's next audio; its timestamp is where it begins, in ms since the stream started."""
        self._chunk += 1
        details = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(self._sent_ms),
            "payload": base64.b64encode(mulaw).decode(),
        }
        self._sent_ms += duration_ms(mulaw)
        return self._numbered("media", media=details)

    def mark(self, name: str) -> str:
        """The echo of a mark."""
        return self._numbered("mark", mark={"name": name})

    def dtmf(self, digit: str) -> str:
        """A key the caller pressed: 0-9, *, #."""
        return self._numbered("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """The last message: the call ended or went on to another instruction."""
        return self._numbered("stop", stop={"accountSid": self._account_sid, "callSid": self._call_sid})

    def _numbered(self, event: str, **details: object) -> str:
        self._sequence_number += 1
        envelope = {"event": event, "sequenceNumber": str(self._sequence_number), "streamSid": self.stream_sid}
        return json.dumps({**envelope, **details})


def read_server_message(text: str | bytes, *, stream_sid: str) -> ServerMessage:
    """What the server wants, checked as strictly as Twilio's schema.

    Raises:
        MalformedMessage: not JSON, another stream's id, an unknown event, or a field missing or of the wrong type.
    """
    if isinstance(text, bytes):
        raise MalformedMessage("binary message")
    try:
        message = json.loads(text)
    except ValueError as error:
        raise MalformedMessage("not JSON") from error
    if not isinstance(message, dict) or message.get("streamSid") != stream_sid:
        raise MalformedMessage("no streamSid of this stream at the top level")
    event = message.get("event")
    if event == "clear":
        return ClearMessage()
    if event == "media":
        return AudioMessage(mulaw=_payload(message))
    if event == "mark":
        return MarkMessage(name=_text(message, "mark", "name"))
    raise MalformedMessage(f"unknown event {event!r}")


def _payload(message: dict[str, object]) -> bytes:
    try:
        mulaw = base64.b64decode(_text(message, "media", "payload"), validate=True)
    except binascii.Error as error:
        raise MalformedMessage("payload is not base64") from error
    if mulaw.startswith(b"RIFF"):
        raise MalformedMessage("payload starts with a WAV header, which callers hear as noise")
    return mulaw


def _text(message: dict[str, object], part: str, field: str) -> str:
    details = message.get(part)
    value = details.get(field) if isinstance(details, dict) else None
    if not isinstance(value, str) or not value:
        raise MalformedMessage(f"{part}.{field} is missing")
    return value

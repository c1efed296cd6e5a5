"""Twilio Media Streams messages as typed values; no I/O.

Source: Twilio documentation, "Media Streams - WebSocket messages".
"""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import msgspec

from shared.errors import InvalidRequest

# The sid goes into every message that we write by hand, so it must not hold a quote.
_StreamSid = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]


# Twilio ends calls after four hours; whoever asks for more wants us to fill the memory with silence.
_LONGEST_STREAM_MS = 24 * 3600 * 1000


class _StartBody(msgspec.Struct, frozen=True, rename="camel"):
    call_sid: str
    account_sid: str = ""
    custom_parameters: dict[str, str] = {}


class _MediaBody(msgspec.Struct, frozen=True, gc=False):
    # msgspec decodes base64 into a bytes field: one step instead of two for every frame.
    payload: bytes
    # Twilio writes numbers as text; those who play Twilio often do not. Other numbers of the message are not read.
    timestamp: str | int | float = "0"
    track: str = "inbound"


class _MarkBody(msgspec.Struct, frozen=True):
    name: str = ""


class _DtmfBody(msgspec.Struct, frozen=True):
    digit: str = ""


class Connected(msgspec.Struct, frozen=True, tag_field="event", tag="connected"):
    """The socket is open; nothing else is known yet."""


class Start(msgspec.Struct, frozen=True, tag_field="event", tag="start", rename={"stream_sid": "streamSid"}):
    """The stream begins; comes once, before any media."""

    stream_sid: _StreamSid
    start: _StartBody

    @property
    def call_sid(self) -> str:
        """Twilio's id of the call."""
        return self.start.call_sid

    @property
    def parameters(self) -> dict[str, str]:
        """What the TwiML's `<Parameter>` elements said."""
        return self.start.custom_parameters


class Media(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="media"):
    """The caller's next audio."""

    media: _MediaBody

    @property
    def mulaw(self) -> bytes:
        """The audio: mu-law, 8 kHz, mono; usually 20 ms, but any length is allowed."""
        return self.media.payload

    @property
    def timestamp_ms(self) -> int:
        """Milliseconds since the stream started; 0 when that is no number, or one that no call reaches."""
        try:
            timestamp_ms = int(self.media.timestamp)
        except (ValueError, OverflowError):
            return 0
        return timestamp_ms if 0 <= timestamp_ms <= _LONGEST_STREAM_MS else 0


class Mark(msgspec.Struct, frozen=True, tag_field="event", tag="mark"):
    """Everything before the mark was played, or was dropped by a clear."""

    mark: _MarkBody

    @property
    def name(self) -> str:
        """The name we gave it; empty when Twilio sent none."""
        return self.mark.name


class Dtmf(msgspec.Struct, frozen=True, tag_field="event", tag="dtmf"):
    """The caller pressed a key."""

    dtmf: _DtmfBody

    @property
    def digit(self) -> str:
        """0-9, * or #."""
        return self.dtmf.digit


class Stop(msgspec.Struct, frozen=True, tag_field="event", tag="stop"):
    """The call is over, or the stream was replaced."""


StreamEvent = Connected | Start | Media | Mark | Dtmf | Stop


class _EventName(msgspec.Struct, frozen=True):
    event: str = ""


_decoder: msgspec.json.Decoder[StreamEvent] = msgspec.json.Decoder(StreamEvent)
_event_name = msgspec.json.Decoder(_EventName)
_KNOWN = frozenset({"connected", "start", "media", "mark", "dtmf", "stop"})


def decode(message: str | bytes) -> StreamEvent | None:
    """Read a message from Twilio; None for an event that this platform does not know.

    Raises:
        InvalidRequest: the message is no Media Streams message.
    """
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if _is_unknown_event(message):
            return None
        raise InvalidRequest("The socket message is not a Media Streams message.") from error


def _is_unknown_event(message: str | bytes) -> bool:
    try:
        name = _event_name.decode(message).event
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return bool(name) and name not in _KNOWN


def encode_media(stream_sid: str, mulaw: bytes) -> bytes:
    """Audio for the caller: mu-law, 8 kHz, mono, any length, no file header."""
    return b'{"event":"media","streamSid":"%b","media":{"payload":"%b"}}' % (stream_sid.encode(), b64encode(mulaw))


def encode_mark(stream_sid: str, name: str) -> bytes:
    """A mark after everything sent so far; names are ours, of letters, digits and dashes."""
    return b'{"event":"mark","streamSid":"%b","mark":{"name":"%b"}}' % (stream_sid.encode(), name.encode())


def encode_clear(stream_sid: str) -> bytes:
    """Drop all audio that Twilio holds and has not played."""
    return b'{"event":"clear","streamSid":"%b"}' % stream_sid.encode()

"""Messages of the AWS event stream encoding: how Amazon Transcribe frames audio and results on its WebSocket.

Source: Amazon Transcribe Developer Guide, "Event stream encoding".
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.eventstream import EventStreamBuffer, ParserError

_STRING = 7
_PRELUDE_BYTES = 12
_CHECKSUM_BYTES = 4


class MessageMalformed(ValueError):
    """The bytes are not exactly one message, or a checksum does not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: headers such as ":event-type", and a payload whose form they name."""

    headers: Mapping[str, str]
    payload: bytes


def encode_message(message: Message) -> bytes:
    """Frame a message: lengths, their checksum, headers, payload, checksum of it all; CRC-32, big-endian."""
    headers = b"".join(_encode_header(name, value) for name, value in message.headers.items())
    total = _PRELUDE_BYTES + len(headers) + len(message.payload) + _CHECKSUM_BYTES
    lengths = struct.pack("!II", total, len(headers))
    framed = lengths + struct.pack("!I", crc32(lengths)) + headers + message.payload
    return framed + struct.pack("!I", crc32(framed))


def _encode_header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text


def decode_message(data: bytes) -> Message:
    """Read the one message that a WebSocket frame holds.

    Raises:
        MessageMalformed: too short, too long, or damaged.
    """
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    try:
        messages = list(buffer)
    except (ParserError, struct.error, KeyError, UnicodeDecodeError) as error:
        raise MessageMalformed("the message is damaged") from error
    if len(messages) != 1:
        raise MessageMalformed("the frame does not hold exactly one message")
    headers: Any = messages[0].headers  # The library's stubs take them for a number.
    return Message(headers={name: str(value) for name, value in headers.items()}, payload=messages[0].payload)

"""Where frames begin and end in what a peer sends."""

from __future__ import annotations

from websockets.frames import Opcode

LARGEST_MESSAGE_BYTES = 65_536
# RFC 6455, section 5.2: the first byte of a text message that is not fragmented, and the second's mask bit.
WHOLE_TEXT, _MASKED = 0x81, 0x80
_LENGTH_OF_16_BITS = 126
MASK_BYTES = 4


def next_frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at this place begins and ends; None while it has not come whole.

    A frame whose head is wrong has no payload (0) and ends with the data: the library ends the connection over it.
    Source: RFC 6455, section 5.2.
    """
    available = len(data) - at
    if available < 2:  # noqa: PLR2004 - the shortest header
        return None
    size, payload = data[at + 1] - _MASKED, at + 2 + MASK_BYTES
    if size < 0 or data[at] & 0x07 > Opcode.BINARY:  # of data and of control frames, three kinds each are defined
        return 0, len(data)
    if size >= _LENGTH_OF_16_BITS:
        width = 2 if size == _LENGTH_OF_16_BITS else 8
        if available < 2 + width:
            return None
        size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
        payload += width
    if size > LARGEST_MESSAGE_BYTES:
        return 0, len(data)
    end = payload + size
    return (payload, end) if end <= len(data) else None

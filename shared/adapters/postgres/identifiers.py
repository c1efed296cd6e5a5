"""Ids of rows: random, but growing with time, so that new rows lie together in their index."""

from __future__ import annotations

import secrets
import time
import uuid

_RANDOM_BITS = 80
_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_VERSION_AND_VARIANT_MASK = (0xF << 76) | (0x3 << 62)


def new_id() -> str:
    """A version 7 UUID as text. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return str(uuid.UUID(int=(value & ~_VERSION_AND_VARIANT_MASK) | _VERSION_AND_VARIANT))


def is_id(text: str) -> bool:
    """Whether the text can be the id of a row at all."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True

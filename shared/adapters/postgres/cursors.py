"""Cursors of keyset paging: the sort key of the last item seen, wrapped so that nobody builds on its inside."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

import msgspec

from shared.errors import InvalidRequest

_LONGEST_CURSOR = 300


def write_cursor(at: datetime, last: str | int) -> str:
    """A cursor that continues after the item with this time and this id or number."""
    return base64.urlsafe_b64encode(msgspec.json.encode((at, str(last)))).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The time and the id or number in a cursor.

    Raises:
        InvalidRequest: it is not one of ours.
    """
    try:
        padded = cursor[:_LONGEST_CURSOR] + "=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        at, last = msgspec.json.decode(plain, type=tuple[datetime, str])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidRequest("The cursor is not one of ours.") from error
    if at.tzinfo is None:
        raise InvalidRequest("The cursor is not one of ours.")
    return at, last

"""Cursors of keyset paging: the sort key of the last item seen, as microseconds since 1970 and an id or number.

Whatever has this form names a place in the list, so the document can say which cursors are accepted.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from shared.errors import InvalidRequest

_FORM = re.compile(r"([0-9]{16})\.([A-Za-z0-9._:+-]{1,128})", re.ASCII)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def write_cursor(at: datetime, last: str | int) -> str:
    """A cursor that continues after the item with this time and this id or number."""
    return f"{(at - _BEGINNING) // timedelta(microseconds=1):016}.{last}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The time and the id or number in a cursor.

    Raises:
        InvalidRequest: it is not one of ours.
    """
    found = _FORM.fullmatch(cursor)
    if found is None:
        raise InvalidRequest("The cursor is not one of ours.")
    return _BEGINNING + timedelta(microseconds=int(found[1])), found[2]

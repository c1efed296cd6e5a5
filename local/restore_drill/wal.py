"""The names of write-ahead log files, and which of them an archive lacks. Pure.

Source: PostgreSQL documentation, "WAL Internals": timeline, log and segment, eight hexadecimal digits each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SEGMENT = re.compile(r"[0-9A-F]{24}")
SEGMENT_BYTES = 16 * 1024 * 1024
_SEGMENTS_PER_LOG = 0x1_0000_0000 // SEGMENT_BYTES


def missing_segments(archived: Iterable[str], *, first: str, last: str | None = None) -> list[str]:
    """The segments that have to lie from `first` to `last` and do not; without `last`, to the last that is archived."""
    present = {name for name in archived if SEGMENT.fullmatch(name) and name[:8] == first[:8]}
    numbers = [_number(name) for name in present | ({last} if last else set())]
    return [
        name
        for number in range(_number(first), max(numbers, default=_number(first)) + 1)
        if (name := _name(first[:8], number)) not in present
    ]


def _number(name: str) -> int:
    return int(name[8:16], 16) * _SEGMENTS_PER_LOG + int(name[16:], 16)


def _name(timeline: str, number: int) -> str:
    log, segment = divmod(number, _SEGMENTS_PER_LOG)
    return f"{timeline}{log:08X}{segment:08X}"

"""When the business is open, as people write it: `Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import InvalidContent

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_TIMES = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)", re.ASCII)
_OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Stretches of the week, by the clock on the wall of one time zone.

    Attributes:
        spans: minutes since Monday, 00:00, from the first to the one after the last; the end may lie in the next week.
        is_outside: all the other hours are meant.
    """

    spans: tuple[tuple[int, int], ...]
    zone: ZoneInfo
    is_outside: bool = False

    def covers(self, at: datetime) -> bool:
        """Whether a moment falls into the hours that are meant."""
        local = at.astimezone(self.zone)
        minute = local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute
        is_open = any(start <= minute < end or start <= minute + _WEEK_MINUTES < end for start, end in self.spans)
        return is_open is not self.is_outside

    def told(self, at: datetime) -> str:
        """A moment as the clock of the business shows it, such as `sun 21:05 Asia/Kolkata`."""
        local = at.astimezone(self.zone)
        return f"{DAYS[local.weekday()]} {local:%H:%M} {self.zone.key}"


def read_business_hours(pattern: str) -> BusinessHours:
    """The hours that a pattern names.

    Days (`Mon`, `Mon-Fri`) with one or more times, parted by commas, then the time zone. A time that ends before it
    begins goes on into the next day. `outside` before it all means all the other hours.

    Raises:
        InvalidContent: it cannot be read; the message names the piece.
    """
    words = pattern.split()
    is_outside = bool(words) and words[0].casefold() == _OUTSIDE
    hours = words[1 if is_outside else 0 : -1]
    if not hours:
        raise InvalidContent("Hours are written like 'Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata'.")
    zone = _zone(words[-1])
    spans = tuple(span for part in " ".join(hours).split(",") for span in _spans(part))
    return BusinessHours(spans=spans, zone=zone, is_outside=is_outside)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidContent(f"Hours end with a time zone such as Asia/Kolkata; '{name}' is none.") from error


def _spans(part: str) -> list[tuple[int, int]]:
    days, *times = part.split() or [""]
    if not times:
        raise InvalidContent(f"Hours need days and times, as in 'Mon-Fri 08:00-20:00'; '{part.strip()}' is not both.")
    numbers = _days(days)
    return [
        (day * _DAY_MINUTES + start, day * _DAY_MINUTES + end) for start, end in map(_times, times) for day in numbers
    ]


def _days(days: str) -> list[int]:
    first, dash, last = days.casefold().partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise InvalidContent(f"Days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or from one to another; '{days}' is not.")
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 if dash else 0
    return [(start + step) % 7 for step in range(length + 1)]


def _times(times: str) -> tuple[int, int]:
    """Minutes since midnight; the end after 24 hours where it belongs to the next day."""
    found = _TIMES.fullmatch(times)
    if found is None:
        raise InvalidContent(f"Times are written like 08:00-20:00; '{times}' is not.")
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise InvalidContent(f"A day goes from 00:00 to 24:00; '{times}' does not.")
    if start == end:
        raise InvalidContent(f"'{times}' is no time at all; the whole day is 00:00-24:00.")
    return start, end if end > start else end + _DAY_MINUTES

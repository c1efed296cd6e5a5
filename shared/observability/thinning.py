"""A flood of the same event fills no log: so many lines a minute are written, of the rest how many there were."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from shared.domain.log_allowance import LogAllowance

SUMMARY = "lines_left_out"
"""The event that tells what was left out."""

_OF_STRANGERS = frozenset({"request_refused", "request_turned_away", "socket_refused"})
"""At INFO, because it is theirs, and yet anybody can make thousands. All else at INFO is work that was done: each
line of it is wanted (a turn's agent and time, a call's end), and there are as many as there is work."""

_THINNED_WHERE_COUNTED = frozenset({"rate_limit_exceeded", SUMMARY})
"""Of each user's violations the first ones are always written, and the later ones thinned by the count itself."""

_SUBJECTS = ("call_sid", "conversation_id", "message_id", "delivery_id", "record_id")
_MOST_EVENTS = 500


class Thinning(logging.Filter):
    """Lets warnings and errors through as long as there are not too many of the same kind in a minute.

    Metrics are counted where the event is, so that they know nothing of it.
    """

    def __init__(
        self,
        bound: Callable[[], Mapping[str, Any]],
        *,
        lines_per_minute: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`bound` gives the ids of the work in hand. Of 0 lines a minute nothing is thinned."""
        super().__init__()
        self._bound = bound
        self._clock = clock
        self._lock = Lock()
        self._allowances: dict[tuple[str, str], LogAllowance] = {}
        self.lines_per_minute = lines_per_minute

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        if not self.lines_per_minute or not _may_flood(record):
            return True
        # Whose library warns is part of what happened; no other field is, for fields have any number of values.
        kind = (str(record.msg), str(getattr(record, "library", "")))
        subject = self._subject(record)
        with self._lock:
            allowance = self._allowances.get(kind)
            if allowance is None:
                if len(self._allowances) >= _MOST_EVENTS:
                    return True
                allowance = self._allowances[kind] = LogAllowance(lines_per_minute=self.lines_per_minute)
            return allowance.admit(self._clock(), subject)

    def take_left_out(self, *, is_last: bool = False) -> Iterator[tuple[str, str, int]]:
        """Event, library or nothing, and how many lines of it were left out, as far as that is worth a line by now."""
        now = self._clock()
        with self._lock:
            found = [(kind, one.take_left_out(now, is_last=is_last)) for kind, one in self._allowances.items()]
        for (event, library), left_out in found:
            if left_out:
                yield event, library, left_out

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._allowances.clear()

    def _subject(self, record: logging.LogRecord) -> str:
        bound = self._bound()
        return next((str(found) for name in _SUBJECTS if (found := getattr(record, name, None) or bound.get(name))), "")


def _may_flood(record: logging.LogRecord) -> bool:
    if record.msg in _THINNED_WHERE_COUNTED:
        return False
    return record.levelno >= logging.WARNING or record.msg in _OF_STRANGERS

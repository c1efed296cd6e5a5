"""The updates of the last minutes, kept once for all sockets: each socket only knows the number of its next one."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

Place = tuple[int, int]

KEPT_MS = 300_000
MOST_UPDATES = 50_000
MOST_BYTES = 32_000_000
_TIDY_FROM = 1000


class _Entry(NamedTuple):
    place: Place
    frame: bytes


class RecentUpdates:
    """Frames in the order of their places, numbered from 0; the oldest go first. Pure."""

    def __init__(
        self, *, nothing_before: Place, most_updates: int = MOST_UPDATES, most_bytes: int = MOST_BYTES
    ) -> None:
        """`nothing_before`: what was told until then is not known here."""
        self._most_updates = most_updates
        self._most_bytes = most_bytes
        self._entries: list[_Entry] = []
        self._forgotten = 0
        """At the front of the list; they are taken out many at a time."""
        self._number_of_first_entry = 0
        self._bytes = 0
        self._complete_after = nothing_before

    @property
    def first(self) -> int:
        """The number of the oldest update that is kept."""
        return self._number_of_first_entry + self._forgotten

    @property
    def end(self) -> int:
        """The number that the next update will get."""
        return self._number_of_first_entry + len(self._entries)

    @property
    def kept_bytes(self) -> int:
        """Of all frames together."""
        return self._bytes

    def append(self, place: Place, frame: bytes) -> None:
        """Add the newest update, and forget the oldest ones for it if need be."""
        self._entries.append(_Entry(place, frame))
        self._bytes += len(frame)
        while self.end - self.first > self._most_updates or self._bytes > self._most_bytes:
            self._forget_oldest()

    def forget_before(self, epoch_ms: int) -> None:
        """Forget what was told before this moment."""
        while self.first < self.end and self._entries[self._forgotten].place[0] < epoch_ms:
            self._forget_oldest()

    def number_after(self, place: Place) -> int:
        """The number of the first update that is kept and was told after this place."""
        at = bisect_right(self._entries, place, lo=self._forgotten, key=lambda entry: entry.place)
        return self._number_of_first_entry + at

    def is_complete_after(self, place: Place) -> bool:
        """Whether everything that was told after this place is kept."""
        return place >= self._complete_after

    def frames_from(self, number: int, *, most_bytes: int) -> tuple[bytes, int]:
        """Frames from this number on, joined, and the number after them; at least one if there is one.

        `number` must not be of an update that is forgotten.
        """
        at = number - self._number_of_first_entry
        taken: list[bytes] = []
        size = 0
        while at < len(self._entries) and (not taken or size + len(self._entries[at].frame) <= most_bytes):
            taken.append(self._entries[at].frame)
            size += len(self._entries[at].frame)
            at += 1
        return b"".join(taken) if len(taken) != 1 else taken[0], self._number_of_first_entry + at

    def _forget_oldest(self) -> None:
        oldest = self._entries[self._forgotten]
        self._complete_after = max(self._complete_after, oldest.place)
        self._bytes -= len(oldest.frame)
        self._entries[self._forgotten] = _Entry(oldest.place, b"")
        self._forgotten += 1
        if self._forgotten >= _TIDY_FROM and self._forgotten * 2 >= len(self._entries):
            del self._entries[: self._forgotten]
            self._number_of_first_entry += self._forgotten
            self._forgotten = 0

"""Server-sent events, sans I/O: bytes in, whatever their boundaries; the data of complete events out.

Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
"""

from __future__ import annotations

LONGEST_EVENT_BYTES = 1_000_000


class EventTooLong(ValueError):
    """The server sends an event beyond LONGEST_EVENT_BYTES; reading on would fill our memory."""


class EventStreamParser:
    """Collects bytes until an event is complete. Event names, ids and retry times are of no use to us and dropped."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._data_length = 0
        self._is_first_line = True
        self._ended_with_return = False

    def feed(self, chunk: bytes) -> list[str]:
        """Take the next bytes and return the data of each event that they complete, in order.

        Raises:
            EventTooLong: an event exceeds LONGEST_EVENT_BYTES.
        """
        if self._ended_with_return and chunk[:1] == b"\n":
            chunk = chunk[1:]  # The second half of a CR LF whose first half ended the line already.
            self._ended_with_return = False
        if not chunk:
            return []
        self._ended_with_return = chunk.endswith(b"\r")
        *complete, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events: list[str] = []
        for ending in complete:
            self._line += ending
            self._take_line(events)
        self._line += rest
        if len(self._line) + self._data_length > LONGEST_EVENT_BYTES:
            raise EventTooLong
        return events

    def _take_line(self, events: list[str]) -> None:
        line = self._line.decode("utf-8", errors="replace")
        self._line.clear()
        if self._is_first_line:
            line = line.removeprefix("\ufeff")
            self._is_first_line = False
        if not line:
            if self._data:
                events.append("\n".join(self._data))
                self._data.clear()
                self._data_length = 0
            return
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
            self._data_length += len(value)

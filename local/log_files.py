"""The log folder as it grows: what is there, in the order of time, and then what comes."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.log_entry import LogEntry, read_entry

POLL_SECONDS = 0.2
_LONGEST_LINE_BYTES = 1024 * 1024
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class _Log:
    """How far one file is read. A file that was cut or replaced is read on behind the last line that was read."""

    path: Path
    position: int = 0
    file: tuple[int, int] = (0, 0)
    last_line: bytes = b""
    at: datetime | None = None

    def skip(self) -> None:
        """Go to the end of what is there."""
        for _ in self.read():
            pass

    def read(self, *, whole: bool = False) -> Iterator[LogEntry]:
        """What is new; a line that has no end yet is left for later, or read as it is if this is the `whole`."""
        try:
            with self.path.open("rb") as log:
                self._find_place()
                log.seek(self.position)
                while line := log.readline(_LONGEST_LINE_BYTES):
                    if not line.endswith(b"\n") and not whole and len(line) < _LONGEST_LINE_BYTES:
                        return
                    self.position += len(line)
                    self.last_line = line
                    yield self._entry(line)
        except FileNotFoundError:
            self.position = 0

    def _find_place(self) -> None:
        status = self.path.stat()
        file = (status.st_dev, status.st_ino)
        if file == self.file and status.st_size >= self.position:
            return
        was_cut = file == self.file
        self.file, self.position = file, 0
        if was_cut and self.last_line:
            found = self.path.read_bytes().rfind(self.last_line)
            self.position = 0 if found < 0 else found + len(self.last_line)

    def _entry(self, line: bytes) -> LogEntry:
        text = line.rstrip(b"\r\n").decode(errors="replace")
        entry = read_entry(self.path.stem, text, before=self.at)
        self.at = entry.at
        return entry


class LogFiles:
    """The logs of some programs, or of all."""

    def __init__(self, folder: Path, programs: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._programs = programs
        self._logs: dict[Path, _Log] = {}

    def skip(self) -> None:
        """Leave out what is there already."""
        for log in self._found():
            log.skip()

    def existing(self, *, whole: bool = False) -> Iterator[LogEntry]:
        """What is there and not read yet, of all programs in the order of time."""
        return heapq.merge(*(log.read(whole=whole) for log in self._found()), key=lambda entry: entry.at or _EPOCH)

    def following(self, wait: Callable[[float], object] = time.sleep) -> Iterator[LogEntry]:
        """What comes, as it comes; never ends."""
        while True:
            yield from self.existing()
            wait(POLL_SECONDS)

    def _found(self) -> list[_Log]:
        for path in sorted(self._folder.glob("*.log")):
            if path not in self._logs and (not self._programs or path.stem in self._programs):
                self._logs[path] = _Log(path)
        return list(self._logs.values())

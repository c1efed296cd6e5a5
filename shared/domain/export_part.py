"""A file of an export while it is written: lines, compressed as they come, up to a bound."""

from __future__ import annotations

import hashlib
import zlib

from shared.domain.export import ExportedPart

ROWS_PER_PART = 50_000
BYTES_PER_PART = 32 * 1024 * 1024
"""Before they are compressed; what is held in memory is compressed, about a tenth of it."""
# Fixed, so that the same lines are the same bytes. The header that zlib writes holds no time and no name.
_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS


class PartFile:
    """Lines on their way into one file. The same lines make the same file; whether one fits depends on them alone."""

    def __init__(self, *, most_rows: int = ROWS_PER_PART, most_bytes: int = BYTES_PER_PART) -> None:
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._done = bytearray()
        self._plain_bytes = 0
        self.rows = 0

    def has_room_for(self, line: bytes) -> bool:
        """Whether the line belongs into this file; one always does, however long it is."""
        if self.rows == 0:
            return True
        return self.rows < self._most_rows and self._plain_bytes + len(line) <= self._most_bytes

    def add(self, line: bytes) -> None:
        """Put the line, with the break at its end, behind the others."""
        self.rows += 1
        self._plain_bytes += len(line)
        self._done += self._stream.compress(line)

    def close(self) -> tuple[bytes, ExportedPart]:
        """The whole file, and what it holds; nothing can be added any more."""
        self._done += self._stream.flush()
        body = bytes(self._done)
        return body, ExportedPart(rows=self.rows, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())

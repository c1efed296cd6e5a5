"""Keeping the log folder bounded."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
KEPT_BYTES = 1024 * 1024


def bound_logs(directory: Path) -> None:
    """Cut every log that grew beyond 10 MB down to its last megabyte.

    The programs append, so they go on at the new end; lines written in between are lost.
    """
    for log in directory.glob("*.log"):
        if log.stat().st_size > MAX_BYTES:
            with log.open("rb") as file:
                file.seek(-KEPT_BYTES, 2)
                kept = file.read()
            log.write_bytes(kept.partition(b"\n")[2])

"""Traces in a file, a line for each batch of spans, as the file exporter of OpenTelemetry's collector writes them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from shared.adapters.traces.otlp_json import encode
from shared.domain.span import FinishedSpan

LARGEST_FILE_BYTES = 32 * 1024 * 1024
"""A file that has grown beyond it becomes `….1`, and the one that was called so before is gone."""


class TraceFile:
    """Implements `SpanSink`. Several processes may write to one file: each line is one write at its end."""

    def __init__(self, path: Path, *, largest_bytes: int = LARGEST_FILE_BYTES) -> None:
        self._path = path
        self._largest_bytes = largest_bytes

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """See `SpanSink.write`.

        Raises:
            OSError: the file cannot be written.
        """
        line = encode(service, spans) + b"\n"
        descriptor = self._open()
        try:
            if os.fstat(descriptor).st_size + len(line) > self._largest_bytes:
                self._set_aside(descriptor)
                os.close(descriptor)
                descriptor = self._open()
            written = os.write(descriptor, line)
            if written < len(line):
                # The disk is full. The next line must not continue this one.
                os.write(descriptor, b"\n")
                return len(spans)
        finally:
            os.close(descriptor)
        return 0

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _set_aside(self, descriptor: int) -> None:
        """Rename the file, unless another process did so meanwhile."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if self._path.exists() and os.path.samestat(os.fstat(descriptor), self._path.stat()):
            self._path.replace(previous(self._path))


def previous(path: Path) -> Path:
    """Where the lines before those in the file are."""
    return path.with_name(f"{path.name}.1")

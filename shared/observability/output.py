"""Standard output that never makes the writer wait: a slow reader of the log must not hold up audio."""

from __future__ import annotations

import atexit
import io
import queue
import sys
import threading
from collections.abc import Callable
from typing import TextIO

MOST_WAITING_CHARACTERS = 8 * 1024 * 1024
"""Some minutes of a busy task's lines; what comes beyond is lost and counted."""
_LONGEST_BATCH = 100
_LAST_LINES_SECONDS = 2.0


class BackgroundOutput(io.TextIOBase):
    """Takes whole lines from any thread at once and writes them from a thread of its own.

    What is printed piece by piece is put together first, so that no line of another thread gets into it.
    """

    def __init__(
        self,
        output: TextIO,
        *,
        note_lost: Callable[[int], None],
        most_characters: int = MOST_WAITING_CHARACTERS,
    ) -> None:
        """`note_lost` is told how many lines found no room or could not be written, as soon as one is written again."""
        self._output = output
        self._note_lost = note_lost
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._waiting_characters = 0
        self._lost = 0
        self._begun = threading.local()
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_lines, name="log output", daemon=True)
        self._writer.start()

    def write(self, text: str) -> int:
        """Take the text; what has no end of line yet waits for it."""
        whole, end, begun = (getattr(self._begun, "text", "") + text).rpartition("\n")
        self._begun.text = begun
        if end:
            self._put(whole + end)
        return len(text)

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def fileno(self) -> int:
        """Where the lines go in the end."""
        return self._output.fileno()

    def isatty(self) -> bool:
        """Whether somebody watches."""
        return self._output.isatty()

    def finish(self) -> None:
        """Write what waits, for two seconds at most; called when the process ends."""
        self._lines.put(None)
        self._writer.join(_LAST_LINES_SECONDS)

    def _put(self, lines: str) -> None:
        with self._lock:
            if self._waiting_characters + len(lines) > self._most_characters:
                self._lost += lines.count("\n")
                return
            self._waiting_characters += len(lines)
            self._lines.put(lines)

    def _write_lines(self) -> None:
        while (first := self._lines.get()) is not None:
            batch, is_last = self._with_more(first)
            is_written = self._write_out(batch)
            lost = 0
            with self._lock:
                self._waiting_characters -= len(batch)
                # Not while nothing can be written: the note would be lost too, and noted, for ever.
                if is_written:
                    lost, self._lost = self._lost, 0
            if lost:
                self._note_lost(lost)
            if is_last:
                return

    def _with_more(self, first: str) -> tuple[str, bool]:
        batch = [first]
        while len(batch) < _LONGEST_BATCH and not self._lines.empty():
            lines = self._lines.get()
            if lines is None:
                return "".join(batch), True
            batch.append(lines)
        return "".join(batch), False

    def _write_out(self, batch: str) -> bool:
        """Whether it is written."""
        try:
            self._output.write(batch)
            self._output.flush()
        except (OSError, ValueError):  # The disk is full, or the reader has gone: the work goes on.
            with self._lock:
                self._lost += batch.count("\n")
            return False
        return True


def write_in_background(note_lost: Callable[[int], None]) -> None:
    """From now on nothing that this process prints makes it wait; the last lines are written when it ends."""
    if isinstance(sys.stdout, BackgroundOutput):
        return
    output = BackgroundOutput(sys.stdout, note_lost=note_lost)
    sys.stdout = output
    atexit.register(output.finish)

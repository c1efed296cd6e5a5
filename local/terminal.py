"""How commands show things: colours where they are seen and wanted, progress that does not get into pipes."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from typing import TextIO

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE = "1", "2", "31", "32", "33", "34"
_CLEAR_LINE = "\r\x1b[K"
# What the words of others may not do to a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def has_colours(output: TextIO) -> bool:
    """Whether colours are seen there, and wanted. Source: no-color.org."""
    return output.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Paint:
    """Colours words, or leaves them as they are."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._is_on = has_colours(output or sys.stdout)

    def good(self, text: str) -> str:
        """As it should be."""
        return self._painted(_GREEN, text)

    def bad(self, text: str) -> str:
        """Something has to be done."""
        return self._painted(_RED, text)

    def doubtful(self, text: str) -> str:
        """It works, but not all of it."""
        return self._painted(_YELLOW, text)

    def name(self, text: str) -> str:
        """Who or what is spoken of."""
        return self._painted(_BLUE, text)

    def title(self, text: str) -> str:
        """A heading."""
        return self._painted(_BOLD, text)

    def aside(self, text: str) -> str:
        """Of less interest."""
        return self._painted(_DIM, text)

    def _painted(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_on else text


class Progress:
    """What a long command is doing: one line that changes in a terminal, a line for each step elsewhere.

    It goes to the error output, so that the results can be piped.
    """

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stderr
        self.is_terminal = self._output.isatty()
        self._began = time.monotonic()

    def step(self, what: str) -> None:
        """Say what happens now."""
        line = f"[{time.monotonic() - self._began:5.1f} s] {what}"
        if self.is_terminal:
            width = shutil.get_terminal_size().columns
            print(f"{_CLEAR_LINE}{line[: width - 1]}", end="", file=self._output, flush=True)
        else:
            print(line, file=self._output, flush=True)

    def done(self) -> None:
        """Take the line away; what comes next is the result."""
        if self.is_terminal:
            print(_CLEAR_LINE, end="", file=self._output, flush=True)


def one_line(text: str, *, width: int | None = None) -> str:
    """The words of others in one harmless line, cut to a width."""
    plain = _CONTROL.sub(" ", text)
    return plain if width is None or len(plain) <= width else f"{plain[: max(1, width - 1)]}…"

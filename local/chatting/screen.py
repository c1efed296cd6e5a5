"""Shows the chat: in a terminal with colours, ticks and a prompt that stays below; otherwise as plain lines."""

from __future__ import annotations

import re
import sys
from typing import TextIO

from local.simulators.sent_messages import Reply
from local.terminal import has_colours

PROMPT = "you> "
NAME = "clinic> "
BOLD, DIM, BLUE, RED, GREEN = "1", "2", "34", "31", "32"
CLEAR_LINE, ONE_UP = "\r\x1b[K", "\x1b[1A"
# What a message may not do to the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """What was said, in the order in which it happened."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self.is_terminal = self._output.isatty()
        self._has_colours = has_colours(self._output)
        self._is_prompting = False
        self._ends_with_ticks = False

    def prompt(self) -> str:
        """The text to ask for a line with; what is shown meanwhile goes above it."""
        self._is_prompting = self.is_terminal
        return PROMPT if self.is_terminal else ""

    def answered(self) -> None:
        """The person pressed Enter: the prompt is history."""
        self._is_prompting = self._ends_with_ticks = False

    def reply(self, reply: Reply) -> None:
        """Show a message to the user, with what can be chosen."""
        self._line(f"{self._painted(GREEN, NAME)}{describe(reply)}")
        for number, option in enumerate(reply.options, start=1):
            more = f"  {option.description}" if option.description else ""
            self._line(" " * len(NAME) + self._painted(BOLD, f"[/{number}] {option.title}") + more)

    def ticks(self, text: str, *, is_read: bool = False) -> None:
        """Say how far the last message came; replaces what was said of it before. Only in a terminal."""
        if self.is_terminal:
            replaced = self._ends_with_ticks
            self._line(self._painted(BLUE if is_read else DIM, " " * len(PROMPT) + text), replaces_last=replaced)
            self._ends_with_ticks = True

    def note(self, text: str) -> None:
        """Say something that is not part of the conversation."""
        self._line(self._painted(DIM, text))

    def complain(self, text: str) -> None:
        """Say what went wrong, in place of how far the message came."""
        self._line(self._painted(RED, text), replaces_last=self._ends_with_ticks)

    def _line(self, text: str, *, replaces_last: bool = False) -> None:
        begin = CLEAR_LINE if self._is_prompting else ""
        begin += ONE_UP + CLEAR_LINE if replaces_last else ""
        self._ends_with_ticks = False
        again = f"{PROMPT}{_typed_so_far()}" if self._is_prompting else ""
        self._output.write(f"{begin}{text}\n{again}")
        self._output.flush()

    def _painted(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._has_colours else text


def describe(reply: Reply) -> str:
    """A message in words: its text, or what it carries."""
    text = _CONTROL.sub("", reply.text)
    if reply.kind in {"text", "interactive"} and not reply.media:
        return text
    return f"[{reply.kind}] {text}".rstrip()


def _typed_so_far() -> str:
    """What stands behind the prompt and is not sent yet."""
    readline = sys.modules.get("readline")
    return "" if readline is None else str(readline.get_line_buffer())

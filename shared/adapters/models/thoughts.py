"""Thoughts that a model writes among its words: `<thinking>` of Nova beside tools, `<think>` of Qwen or DeepSeek."""

from __future__ import annotations

import re

_BEGIN = re.compile(r"<(thinking|think)>")
_LONGEST_BEGIN = len("<thinking>")


class ThoughtFilter:
    """Lets words through and keeps thoughts back, however the stream cuts their tags. Only lower-case tags count."""

    def __init__(self) -> None:
        self._held = ""
        self._end = ""
        self._is_after_thought = False

    def feed(self, text: str) -> str:
        """The words that are certain to be no thought."""
        self._held += text
        words: list[str] = []
        while True:
            if self._end:
                _, found, rest = self._held.partition(self._end)
                if not found:
                    # Of a thought, only what may be the beginning of its end is of use.
                    self._held = self._held[-len(self._end) + 1 :]
                    break
                self._held, self._end, self._is_after_thought = rest, "", True
            begin = _BEGIN.search(self._held)
            if begin is None:
                certain = len(self._held) - _length_of_beginning(self._held)
                words.append(self._words(self._held[:certain]))
                self._held = self._held[certain:]
                break
            words.append(self._words(self._held[: begin.start()]))
            self._held, self._end = self._held[begin.end() :], f"</{begin[1]}>"
        return "".join(words)

    def finish(self) -> str:
        """What was held back and is no thought: the stream is over."""
        rest, self._held = ("" if self._end else self._words(self._held)), ""
        return rest

    def _words(self, text: str) -> str:
        """The text without the white space that parted it from a thought before it."""
        if not self._is_after_thought:
            return text
        text = text.lstrip()
        self._is_after_thought = not text
        return text


def _length_of_beginning(text: str) -> int:
    """How many characters at the end may become a tag that begins a thought."""
    start = text.rfind("<", -_LONGEST_BEGIN)
    if start < 0:
        return 0
    tail = text[start:]
    return len(tail) if "<thinking>".startswith(tail) or "<think>".startswith(tail) else 0

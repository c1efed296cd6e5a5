"""Regular expressions in linear time, by RE2: no text makes one of them slow, whoever wrote it.

Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache

import re2

from shared.domain.routing.rule_book import MOST_RULES, Expression
from shared.errors import InvalidContent

_MOST_BYTES = 256 * 1024
"""Of memory for one expression: its program and what it remembers of texts."""


# Of a catalogue in its next revision most expressions are those of the one before.
@lru_cache(maxsize=MOST_RULES)
def compile_expression(pattern: str) -> Expression:
    r"""An `ExpressionCompiler`. `\w` and `\b` of RE2 know the letters of English alone, `\pL` those of every script."""
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MOST_BYTES
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise InvalidContent(_complaint(pattern, error)) from error

    def find(text: str) -> str | None:
        # Halves of characters, which no encoding has, must not fail a turn.
        found = compiled.search(text.encode("utf-8", "replace"))
        return None if found is None else found.group().decode("utf-8", "replace")

    return find


def _complaint(pattern: str, error: Exception) -> str:
    """What is wrong, and where. RE2 tells the reason and the piece; where the piece stands has to be looked up."""
    said = error.args[0]
    reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    _, parted, piece = reason.partition(": ")
    place = pattern.find(piece) if parted and piece else -1
    where = f", at character {place + 1}" if place >= 0 else ""
    return f"The expression cannot be used: {reason}{where}."

"""What a log may hold of an exception: where and of which kind it is, and its words only where they are about code.

Words of other exceptions repeat what they stumbled over: a row, a parameter of a statement, a user's text.
"""

from __future__ import annotations

import re

WITHHELD = "[withheld]"
_OURS = "shared.errors"
_ABOUT_CODE = frozenset(
    {
        *("TypeError", "AttributeError", "NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError"),
        *("NotImplementedError", "RecursionError", "MemoryError", "OSError", "TimeoutError", "ConnectionError"),
        *("ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "ConnectError", "ConnectTimeout"),
        *("ExceptionGroup", "BaseExceptionGroup"),
    }
)
# How the standard library draws the exceptions of a group.
_FRAME_OF_GROUP = re.compile(r"^\s*(?:\|\s?|\+[-+ 0-9]+$)")
_BETWEEN = re.compile(
    r"^(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):$|^During handling |^The above "
)
_MESSAGE = re.compile(r"^([A-Za-z_][\w.]*)(?:: .*)?$")
_LINES_OF_CODE = 2
"""Behind the place of a frame: the statement, and marks below it."""


def is_about_code(kind: str, module: str = "") -> bool:
    """Whether the words of such an exception may be shown."""
    return module.startswith(_OURS) or kind.startswith(_OURS) or kind.rpartition(".")[2] in _ABOUT_CODE


def without_words(traceback: str) -> str:
    """A traceback as Python writes it, without the words of exceptions that are not about code."""
    kept: list[str] = []
    code_lines, is_in_message = 0, False
    for line in traceback.split("\n"):
        body = _FRAME_OF_GROUP.sub("", line).rstrip()
        if not body or _BETWEEN.match(body.lstrip()):
            is_in_message = False
            kept.append(line)
        elif is_in_message:
            continue
        elif body.startswith('  File "'):
            code_lines = _LINES_OF_CODE
            kept.append(line)
        elif body.startswith("    ") and code_lines:
            code_lines -= 1
            kept.append(line)
        elif found := _MESSAGE.match(body):
            is_in_message = True
            shown = line if is_about_code(found[1]) else line.replace(body, f"{found[1]}: {WITHHELD}")
            kept.append(shown)
    return "\n".join(kept)

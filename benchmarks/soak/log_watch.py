"""Errors in the logs of the platform's programs, as they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PLAIN_ERROR = re.compile(r"^Traceback \(most recent|\b(ERROR|CRITICAL|FATAL|PANIC)\b[ :]|# WARNING .*fork|OOM")
_TIME = re.compile(r"^[\d-]{10}[ T][\d:.,]+ (UTC )?(\[\d+\] )?")
_SHOWN_CHARACTERS = 200


class LogWatch:
    """Reads what was added to each log since it was read last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {log: log.stat().st_size for log in folder.glob("*.log")}

    def new_errors(self) -> list[str]:
        """What each line that tells of an error says, after the name of its program."""
        return [f"{log.stem}: {described(line)}" for log, line in self._new_lines() if is_error(line)]

    def _new_lines(self) -> Iterator[tuple[Path, str]]:
        for log in sorted(self._folder.glob("*.log")):
            size = log.stat().st_size
            begin = self._read_to.get(log, 0)
            # The platform cuts long logs down to their end; what it kept was read before, all but the very last.
            if size > begin:
                with log.open("rb") as file:
                    file.seek(begin)
                    added = file.read(size - begin)
                whole = added[: added.rfind(b"\n") + 1]
                size = begin + len(whole)
                yield from ((log, line) for line in whole.decode(errors="replace").splitlines())
            self._read_to[log] = size


def is_error(line: str) -> bool:
    """Whether a line of a log tells of an error: by its level where it is JSON, by its words where it is not."""
    record = _record(line)
    if record is not None:
        return record.get("level") in {"ERROR", "CRITICAL"}
    return _PLAIN_ERROR.search(line) is not None


def described(line: str) -> str:
    """The event and the last words of its cause: the same for all errors of a kind, so that they can be counted."""
    record = _record(line)
    if record is None:
        return _TIME.sub("", line)[:_SHOWN_CHARACTERS]
    cause = str(record.get("exception", "")).strip().rpartition("\n")[2]
    return " - ".join(filter(None, (str(record.get("message", "")), cause)))[:_SHOWN_CHARACTERS]


def _record(line: str) -> dict[str, Any] | None:
    """The line as JSON; empty if it only looks so, None if it does not."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}

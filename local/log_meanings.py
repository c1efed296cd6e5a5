"""What events of the log mean and what to do about them, from the table that is held to the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "shared" / "observability" / "LOG_FIELDS.md"
_EVENT = re.compile(r"^\| `(\w+)` \| [A-Z, ]+ \|[^|]*\| ([^|]+) \|([^|]*)\|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One event's two columns; there may be nothing to do."""

    means: str
    to_do: str


def read_meanings() -> dict[str, Meaning]:
    """By the event's name."""
    found = _EVENT.findall(TABLE.read_text(encoding="utf-8"))
    return {name: Meaning(means=means.strip(), to_do=to_do.strip()) for name, means, to_do in found}

"""The tables and queries of LOG_FIELDS.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[3] / "shared" / "observability" / "LOG_FIELDS.md"
_ROW_CELLS = re.compile(r"(?<!\\)\|")


@dataclass
class Row:
    """One event as it is documented."""

    levels: set[str]
    fields: set[str]
    meaning: str


def section(title: str) -> str:
    """The text under a heading."""
    return TABLE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]


@cache
def documented_events() -> dict[str, Row]:
    """By name.

    Raises:
        AssertionError: an event is there twice.
    """
    found: dict[str, Row] = {}
    for name, levels, fields, meaning, _ in _rows(section("Events"), width=5):
        assert name not in found, name
        found[name] = Row(set(levels.split(", ")), set(_names(fields)), meaning)
    return found


def documented_fields() -> dict[str, str]:
    """Fields of events, and what they mean."""
    return dict(_rows(section("Fields"), width=2))


def fields_of_every_line() -> dict[str, str]:
    """Fields that come with any event."""
    return dict(_rows(section("On every line"), width=2))


def queries() -> dict[str, str]:
    """By the sentence above."""
    found = re.findall(r"^([A-Z][^\n]*):\n```\n(.*?)```", section("Queries"), re.DOTALL | re.MULTILINE)
    return dict(found)


def _rows(text: str, *, width: int) -> list[list[str]]:
    cells = [[cell.strip() for cell in _ROW_CELLS.split(line)[1:-1]] for line in text.splitlines() if line[:3] == "| `"]
    assert all(len(row) == width for row in cells), [row for row in cells if len(row) != width]
    return [[row[0].strip("`"), *row[1:]] for row in cells]


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)

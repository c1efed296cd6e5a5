"""Where in a call something was said: attributes on the way, columns at rest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from shared.domain.json_value import JSON

_COLUMNS: dict[str, type] = {"call_sid": str, "start_ms": int, "end_ms": int}


def take_call_place(attributes: dict[str, JSON]) -> dict[str, JSON]:
    """Move `call_sid`, `start_ms` and `end_ms` (milliseconds in the recording) out of the attributes."""
    return {name: attributes.pop(name) for name, kind in _COLUMNS.items() if isinstance(attributes.get(name), kind)}


def put_call_place(attributes: dict[str, JSON], row: Row[Any]) -> dict[str, JSON]:
    """The attributes as they came, with the place that is kept in columns."""
    place = {name: getattr(row, name) for name in _COLUMNS if getattr(row, name) is not None}
    return {**attributes, **place}

"""Where in a call something was said: attributes on the way, columns at rest."""

from __future__ import annotations

from shared.domain.json_value import JSON

_COLUMNS: dict[str, type] = {"call_sid": str, "start_ms": int, "end_ms": int}


def take_call_place(attributes: dict[str, JSON]) -> dict[str, JSON]:
    """Move `call_sid`, `start_ms` and `end_ms` (milliseconds in the recording) out of the attributes."""
    return {name: attributes.pop(name) for name, kind in _COLUMNS.items() if isinstance(attributes.get(name), kind)}

"""A live update as one line that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.terminal import Paint, one_line

_SHOWN = ("speaker", "direction", "status", "reason", "from", "to", "agent_id", "text")
"""Fields of an event's data that tell most, in this order; the others have their place in the JSON."""


def line_of(event: Mapping[str, Any], paint: Paint, *, width: int | None = None) -> str:
    """When, what, who, and the gist; cut to a width if there is one."""
    at = datetime.fromisoformat(event["at"]).astimezone().strftime("%H:%M:%S")
    who = " ".join(filter(None, (event["channel"], event["user_id"])))
    kind, who = f"{event['type']:<17}", f"{one_line(who):<26}"
    room = None if width is None else max(10, width - len(f"{at}  {kind} {who} "))
    said = one_line(_gist(event["data"]), width=room)
    colour = {"call": paint.name, "message": paint.good}.get(event["type"].partition(".")[0], paint.doubtful)
    return f"{paint.aside(at)}  {colour(kind)} {who} {said}"


def _gist(data: Mapping[str, Any]) -> str:
    parts = []
    for name in _SHOWN:
        value = data.get(name)
        if value not in (None, ""):
            parts.append(f"“{value}”" if name == "text" else f"{name}={value}")
    stages = data.get("stages_ms")
    if isinstance(stages, Mapping) and "total" in stages:
        parts.append(f"({stages['total']} ms)")
    return " ".join(parts)

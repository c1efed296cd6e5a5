"""Every event that the code logs, found by reading it: name, levels and fields."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from shared.use_cases.export_conversations import ExportReport
from shared.use_cases.fetch_pending_media import MediaReport
from shared.use_cases.forget_unknown_reports import ForgottenReports
from shared.use_cases.repair_calls import RepairReport

REPOSITORY = Path(__file__).parents[3]
ROOTS = ("functions", "shared", "stream_service")
LEVELS = {"info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR", "critical": "CRITICAL"}
EXPANDED: dict[str, type] = {
    "calls_repair_finished": RepairReport,
    "export_finished": ExportReport,
    "media_fetch_finished": MediaReport,
    "unknown_statuses_forgotten": ForgottenReports,
}
"""Events whose fields are those of a value: `**asdict(report)`."""
NO_FIELDS = {"exc_info", "stack_info", "stacklevel", "extra"}
"""What the logging library itself understands."""


@dataclass
class LoggedEvent:
    """All calls that log the same event."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    places: list[str] = field(default_factory=list)


@cache
def logged_events() -> dict[str, LoggedEvent]:
    """By name, from all of the code that runs in AWS.

    Raises:
        AssertionError: an event's name is not written where it is logged.
    """
    found: dict[str, LoggedEvent] = {}
    for root in ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "logger" not in text:
                continue
            for call, levels in log_calls(ast.parse(text)):
                place = f"{path.relative_to(REPOSITORY)}:{call.lineno}"
                name = _fixed_name(call, place)
                event = found.setdefault(name, LoggedEvent())
                event.levels |= levels
                event.fields |= {each.arg for each in call.keywords if each.arg} - NO_FIELDS
                if any(each.arg is None for each in call.keywords):
                    assert name in EXPANDED, f"{place}: write the fields where they are logged"
                    event.fields |= {each.name for each in fields(EXPANDED[name])}
                event.places.append(place)
    return found


def log_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, set[str]]]:
    """Calls of `logger.warning(...)`, and of names that stand for such a method: `log = logger.info`."""
    nodes = list(ast.walk(tree))
    aliases: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            chosen = (node.value.body, node.value.orelse) if isinstance(node.value, ast.IfExp) else (node.value,)
            levels = set(map(_level, chosen)) - {""}
            if levels:
                aliases.setdefault(node.targets[0].id, set()).update(levels)
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        level = _level(node.func)
        if level:
            yield node, {level}
        elif isinstance(node.func, ast.Name) and node.func.id in aliases:
            yield node, aliases[node.func.id]


def _fixed_name(call: ast.Call, place: str) -> str:
    name = call.args[0] if call.args else None
    assert isinstance(name, ast.Constant), f"{place}: the event's name must be written where it is logged"
    assert isinstance(name.value, str), place
    return name.value


def _level(node: ast.AST) -> str:
    """The level of a method of the logger, whatever path leads to it; nothing for all else."""
    if not isinstance(node, ast.Attribute) or node.attr not in LEVELS:
        return ""
    owner = node.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return LEVELS[node.attr] if name in {"logger", "_logger"} else ""

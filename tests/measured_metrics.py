"""Every metric that the code measures, found by reading it: name, unit and dimensions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ROOTS = ("functions", "shared", "stream_service")
_OWN = REPOSITORY / "shared" / "observability"
_FUNCTIONS = {"count", "measure", "timed"}
SERVICE = "service"

Found = dict[str, tuple[str, frozenset[str]]]
"""Unit and dimensions by the metric's name."""


def measured_metrics() -> Found:
    """By name, from all of the code that runs in AWS.

    Raises:
        AssertionError: a name is not written where it is measured, or one name is measured in two ways.
    """
    found: Found = {}
    for root in ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            if path.is_relative_to(_OWN) and path.name == "embedded_metrics.py":
                continue
            for place, name, described in _calls(path):
                assert found.setdefault(name, described) == described, f"{place}: {name} was measured otherwise before"
    return found


def _calls(path: Path) -> Iterator[tuple[str, str, tuple[str, frozenset[str]]]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = _called(call, tree)
        if function is None:
            continue
        place = f"{path.relative_to(REPOSITORY)}:{call.lineno}"
        for name in _names(call.args[0], tree):
            assert name is not None, f"{place}: no fixed name"
            dimensions = {each.arg for each in call.keywords if each.arg} if function == "count" else set()
            yield place, _full_name(function, name), (_unit(function, name), frozenset({SERVICE, *dimensions}))


def _called(call: ast.Call, tree: ast.Module) -> str | None:
    """Which of our functions is called; a method `count` of something else is none of them."""
    if isinstance(call.func, ast.Attribute):
        owner = call.func.value
        is_ours = isinstance(owner, ast.Name) and owner.id == "observability"
        return call.func.attr if is_ours and call.func.attr in _FUNCTIONS else None
    if not isinstance(call.func, ast.Name) or call.func.id not in _FUNCTIONS:
        return None
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.observability")
        for alias in node.names
    }
    return call.func.id if call.func.id in imported else None


def _names(argument: ast.expr, tree: ast.Module) -> list[str | None]:
    """The name, or all names that a loop gives the variable in turn."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.Name):
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.For) and _binds(node.target, argument.id)]
        return [
            str(pair.elts[0].value)
            for loop in loops
            if isinstance(loop.iter, ast.Tuple)
            for pair in loop.iter.elts
            if isinstance(pair, ast.Tuple) and isinstance(pair.elts[0], ast.Constant)
        ] or [None]
    return [None]


def _binds(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(target.elts[0], ast.Name) and target.elts[0].id == name


def _full_name(function: str, name: str) -> str:
    return name if function == "count" else f"{name}_ms"


def _unit(function: str, name: str) -> str:
    if function != "count":
        return "Milliseconds"
    return "Seconds" if name.endswith("_seconds") else "Count"

"""Which tests claim an acceptance criterion, and whether they look at anything, read from their text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef
# What looks for a test: `raises`, assertions of our own, and what waits until something holds.
_LOOKING = ("assert", "raises", "expect", "wait", "until", "judge", "check", "verify")


def claiming_tests() -> Iterator[tuple[str, list[str]]]:
    """Each test function that claims criteria, as `file::name`, with their numbers."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = str(path.relative_to(ROOT))
        tree = _parsed(file)
        of_module = [number for node in tree.body if _is_module_mark(node) for number in _claims(node)]
        for node in ast.walk(tree):
            if isinstance(node, Function) and node.name.startswith("test_"):
                numbers = of_module + [number for mark in node.decorator_list for number in _claims(mark)]
                if numbers:
                    yield f"{file}::{node.name}", numbers


def function_named(file: str, name: str) -> Function:
    """The test's text."""
    return next(node for node in ast.walk(_parsed(file)) if isinstance(node, Function) and node.name == name)


def looks_at_something(test: Function) -> bool:
    """Whether it can fail by what the platform does: it asserts of a value, or calls what does."""
    return any(
        (isinstance(node, ast.Assert) and any(isinstance(part, ast.Name) for part in ast.walk(node.test)))
        or (isinstance(node, ast.Call) and any(word in _name(node.func) for word in _LOOKING))
        for node in ast.walk(test)
    )


@cache
def _parsed(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def _is_module_mark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(_name(target) == "pytestmark" for target in node.targets)


def _claims(node: ast.AST) -> list[str]:
    """Numbers that are given to a mark `requirement` somewhere in it."""
    return [
        str(argument.value)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and _name(call.func) == "requirement"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    ]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

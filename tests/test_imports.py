"""Imports go one way and never in a circle."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
ROOTS = ("shared", "stream_service", "functions", "local")

MAY_IMPORT = {
    "shared.errors": (),
    "shared.domain": ("shared.errors", "shared.domain"),
    # Where its secrets are kept up to date is a port.
    "shared.settings": ("shared.errors", "shared.domain", "shared.ports.secrets", "shared.settings"),
    "shared.http_contract": ("shared.errors", "shared.domain"),
    "shared.observability": ("shared.errors", "shared.domain", "shared.observability"),
    "shared.tracing": (
        "shared.errors",
        "shared.domain",
        "shared.observability",
        "shared.ports.span_sink",
        "shared.tracing",
    ),
    "shared.ports": ("shared.errors", "shared.domain", "shared.http_contract", "shared.ports"),
    "shared.use_cases": (
        "shared.errors",
        "shared.domain",
        "shared.http_contract",
        "shared.observability",
        "shared.ports",
        "shared.tracing",
        "shared.use_cases",
    ),
    "shared.adapters": (
        "shared.errors",
        "shared.domain",
        "shared.http_contract",
        "shared.observability",
        "shared.ports",
        "shared.queue_contract",
        "shared.settings",
        "shared.tracing",
        "shared.adapters",
    ),
    "shared.wiring": ("shared",),
    "shared": ("shared",),
    "functions": ("shared",),
    "stream_service": ("shared", "stream_service"),
    "local": ("shared", "stream_service", "functions", "local"),
}
"""By the longest prefix of a module's name: the prefixes of our own modules that it may import."""

STREAM_FOLDERS = ("media", "listening", "speaking")
FORM_OF_AUDIO = ("stream_service.media.audio", "stream_service.media.resampling")
STANDARD_LIBRARY_ONLY = "shared.domain"


@cache
def modules() -> dict[str, Path]:
    found = {}
    for root in ROOTS:
        for path in (REPOSITORY / root).rglob("*.py"):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports_of(module: str, *, while_loading: bool = False) -> frozenset[str]:
    """Modules that a module names, as far as they exist here; `while_loading` leaves out those inside functions."""
    path = modules()[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = set()
    if while_loading:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inside |= {id(child) for child in ast.walk(node)}
    named: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            named |= {f"{base}.{alias.name}" for alias in node.names} | {base}
    return frozenset(named)


def own_imports_of(module: str, *, while_loading: bool = False) -> set[str]:
    """The most exact of our own modules that a module imports."""
    named = {name for name in imports_of(module, while_loading=while_loading) if name in modules()}
    return {name for name in named if not any(other.startswith(f"{name}.") for other in named)} - {module}


def rule_for(module: str) -> tuple[str, ...]:
    prefix = max((name for name in MAY_IMPORT if is_within(module, name)), key=len)
    return MAY_IMPORT[prefix]


def is_within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


@pytest.mark.parametrize("root", ROOTS)
def test_imports_go_one_way(root: str) -> None:
    wrong = [
        f"{module} imports {imported}"
        for module in modules()
        if is_within(module, root)
        for imported in own_imports_of(module)
        if not any(is_within(imported, allowed) for allowed in rule_for(module))
    ]

    assert wrong == []


def test_only_wiring_sees_use_cases_and_adapters_together() -> None:
    wrong = [
        module
        for module in modules()
        if is_within(module, "shared") and not is_within(module, "shared.wiring")
        if any(is_within(imported, "shared.use_cases") for imported in own_imports_of(module))
        and any(is_within(imported, "shared.adapters") for imported in own_imports_of(module))
    ]

    assert wrong == []


def test_domain_needs_the_standard_library_alone() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in modules()
        if is_within(module, STANDARD_LIBRARY_ONLY)
        for name in imports_of(module)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "shared", "__future__"}
    ]

    assert wrong == []


def test_media_listening_and_speaking_know_of_each_other_only_the_form_of_audio() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module in modules()
        for own in STREAM_FOLDERS
        if is_within(module, f"stream_service.{own}")
        for imported in own_imports_of(module)
        for other in STREAM_FOLDERS
        if other != own and is_within(imported, f"stream_service.{other}")
        if imported not in FORM_OF_AUDIO
    ]

    assert wrong == []


def test_no_circles() -> None:
    """Not even for type hints; only imports inside functions are left out."""
    graph = {module: own_imports_of(module, while_loading=True) for module in modules()}

    assert find_circle(graph) is None


def test_a_circle_would_be_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


def test_no_module_takes_the_name_of_a_standard_one() -> None:
    taken = {name.rsplit(".", 1)[-1] for name in modules() if "." not in name or name.startswith("functions")}

    assert taken & set(sys.stdlib_module_names) == set()


def find_circle(graph: dict[str, set[str]]) -> list[str] | None:
    finished: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str] | None:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in finished:
            return None
        for imported in sorted(graph.get(module, ())):
            if found := visit(imported, [*path, module]):
                return found
        finished.add(module)
        return None

    return next((found for module in sorted(graph) if (found := visit(module, []))), None)

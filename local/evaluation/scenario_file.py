"""Reading scenario files: a wrong key is an error that names the file and the line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import yaml

from local.evaluation.scenario import Scenario, ScenarioFile

SCENARIOS = Path(__file__).with_name("scenarios")
_PLACE = re.compile(r"(.*) - at (?:`key` in )?`\$(.*)`", re.DOTALL)
_STEP_DOWN = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")


class ScenarioInvalid(Exception):
    """A file says something that no scenario can say; the message begins with `file:line:`."""


def read_all(folder: Path = SCENARIOS) -> list[Scenario]:
    """All scenarios of a folder, in the order of the files' names.

    Raises:
        ScenarioInvalid: a file is wrong, or two scenarios have one name.
    """
    scenarios: list[Scenario] = []
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        for scenario in read_file(path):
            if scenario.name in seen:
                raise ScenarioInvalid(f"{path}: {scenario.name} is the name of a scenario of {seen[scenario.name]} too")
            seen[scenario.name] = path
            scenarios.append(scenario)
    return scenarios


def read_file(path: Path) -> list[Scenario]:
    """The scenarios of one file; each has the file's tags too.

    Raises:
        ScenarioInvalid: it is no YAML, or holds what no scenario can hold.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        found = msgspec.convert(yaml.load(text, Loader=yaml.CSafeLoader), ScenarioFile)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioInvalid(f"{path}:{line}: {error.problem}") from error
    except msgspec.ValidationError as error:
        raise ScenarioInvalid(_explained(path, root, str(error))) from error
    return [msgspec.structs.replace(each, tags=tuple({*each.tags, *found.tags})) for each in found.scenarios]


def choose(scenarios: Iterable[Scenario], wanted: Iterable[str]) -> list[Scenario]:
    """Those whose name or tag is wanted; all, when nothing is."""
    names = set(wanted)
    return [each for each in scenarios if not names or each.name in names or names & set(each.tags)]


def _explained(path: Path, root: yaml.Node | None, problem: str) -> str:
    found = _PLACE.fullmatch(problem)
    words, place = (found[1], found[2]) if found else (problem, "")
    node, line = root, 1
    for key, index in _STEP_DOWN.findall(place):
        node, line = _child(node, key, index, line)
    if (unknown := _UNKNOWN.search(words)) is not None:
        _, line = _child(node, unknown[1], "", line)
    return f"{path}:{line}: {words}" + (f" (at {place.lstrip('.')})" if place else "")


def _child(node: yaml.Node | None, key: str, index: str, line: int) -> tuple[yaml.Node | None, int]:
    """A part of a node and its line; the node's own where it has no such part."""
    if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
        child: yaml.Node = node.value[int(index)]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value, name.start_mark.line + 1
    return node, line

"""SECURITY.md names code and tests that exist, and every kind of control has a proof."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
DOCUMENT = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
REFERENCE = re.compile(r"`((?:tests|shared|stream_service|functions|local|requirements)/[\w./-]*[\w/-])(?:::(\w+))?`")
ROW = re.compile(r"^\| (?!threat |-)([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
MOST_LINES = 250
ASKED_FOR = (
    "unsigned", "replay", "order", "host or scheme", "smuggling", "`none`", "other algorithm", "`kid`", "SQL", "logs",
    "SSRF", "packed", "path", "ticket", "by id",
)  # fmt: skip
"""The attack set that the platform has to withstand, in the words of the document."""


def references() -> list[tuple[str, str | None]]:
    return [(path, name or None) for path, name in REFERENCE.findall(DOCUMENT)]


def threats() -> list[tuple[str, str, str]]:
    part = DOCUMENT.split("## Threats, controls, proofs")[1].split("\n## ")[0]
    return ROW.findall(part)


def functions_of(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), references())
def test_what_the_document_names_exists(path: str, name: str | None) -> None:
    file = REPOSITORY / path

    assert file.exists()
    assert name is None or name in functions_of(file)


def test_every_threat_has_a_control_and_a_test() -> None:
    found = threats()

    assert len(found) >= 30
    for threat, control, proof in found:
        assert control.strip(), threat
        proofs = [path for path, _ in REFERENCE.findall(proof)]
        assert proofs, threat
        assert all(path.startswith("tests/") for path in proofs), threat


@pytest.mark.parametrize("attack", ASKED_FOR)
def test_every_kind_of_attack_is_spoken_of(attack: str) -> None:
    assert attack.lower() in " ".join(threat + control for threat, control, _ in threats()).lower()


def test_every_file_of_the_attack_set_is_a_proof_of_something() -> None:
    attacks = {f"tests/attacks/{file.name}" for file in (REPOSITORY / "tests" / "attacks").glob("test_*.py")}

    assert attacks <= {path for path, _ in references()}


def test_the_document_is_short_enough_to_be_read() -> None:
    assert len(DOCUMENT.splitlines()) <= MOST_LINES

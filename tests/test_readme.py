"""README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_explained() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    explained = set(re.findall(r"`([A-Z][A-Z_]+)`", table))

    assert {name.upper() for name in Settings.model_fields} == explained


def test_every_command_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)", README))

    assert named
    assert named <= targets


def test_every_place_it_names_exists() -> None:
    table = README.split("## Where things are")[1].split("\n## ")[0]
    places = re.findall(r"^\| `([^`<]+)`", table, re.MULTILINE)

    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_function_has_its_sample_events() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}

    assert {path.name for path in (ROOT / "events").iterdir() if path.is_dir()} == functions

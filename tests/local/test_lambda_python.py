from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from local import lambda_python
from local.lambda_python import VERSION, PythonMissingError, find_interpreter


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python but the one of this test, which is of another version."""
    for name in ("LAMBDA_PYTHON", "PYENV_ROOT", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(lambda_python, "PROBE", "import os; raise SystemExit('TAKE_ME' not in os.environ)")
    return tmp_path


def interpreter(place: Path, *, runs: bool = True) -> Path:
    """A program that passes for the wanted Python, or a shim that finds no version."""
    place.parent.mkdir(parents=True)
    take_me = "TAKE_ME=1 " if runs else ""
    place.write_text(f'#!/bin/sh\n{take_me}exec {os.path.realpath(sys.executable)} "$@"\n')
    place.chmod(0o755)
    return place


@pytest.mark.parametrize(
    "place",
    [
        f"bin/python{VERSION}",
        f".pyenv/versions/{VERSION}.0/bin/python{VERSION}",
        f".local/share/uv/python/cpython-{VERSION}.4-linux-x86_64-gnu/bin/python{VERSION}",
    ],
)
def test_an_interpreter_is_found_on_the_path_and_among_the_versions_of_pyenv_and_uv(home: Path, place: str) -> None:
    wanted = interpreter(home / place)

    assert find_interpreter() == wanted


def test_a_shim_that_does_not_run_is_passed_over(home: Path) -> None:
    interpreter(home / "bin" / f"python{VERSION}", runs=False)
    wanted = interpreter(home / ".pyenv" / "versions" / f"{VERSION}.0" / "bin" / f"python{VERSION}")

    assert find_interpreter() == wanted


def test_the_interpreter_that_is_named_is_the_only_one_tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter(home / "bin" / f"python{VERSION}")
    monkeypatch.setenv("LAMBDA_PYTHON", str(home / "elsewhere"))

    with pytest.raises(PythonMissingError):
        find_interpreter()


def test_who_has_none_is_told_how_to_get_one(home: Path) -> None:
    with pytest.raises(PythonMissingError, match=f"uv python install {VERSION}"):
        find_interpreter()

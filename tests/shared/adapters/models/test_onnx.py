from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pytest

from shared.adapters.models.onnx import ModelMissing, check_digest, package_file

WORDS = Path(importlib.util.find_spec("pytest").origin).read_bytes()  # type: ignore[union-attr, arg-type]


def test_tested_file_of_a_package_is_found() -> None:
    path = package_file("pytest", "__init__.py", hashlib.sha256(WORDS).hexdigest(), requirement="pytest==1")

    assert path.read_bytes() == WORDS


def test_missing_package_names_what_to_install() -> None:
    with pytest.raises(ModelMissing, match=r"pip install 'no-such==1\.0'"):
        package_file("no_such_package", "model.onnx", "0" * 64, requirement="no-such==1.0")


def test_missing_file_names_what_to_reinstall() -> None:
    with pytest.raises(ModelMissing, match="reinstall 'pytest==1'"):
        package_file("pytest", "model.onnx", "0" * 64, requirement="pytest==1")


def test_changed_file_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"something else")

    with pytest.raises(ModelMissing, match="not the tested file"):
        check_digest(model, hashlib.sha256(b"the model").hexdigest())

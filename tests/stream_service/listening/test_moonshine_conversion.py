from __future__ import annotations

import fcntl
import importlib.util
import json
from hashlib import sha256
from pathlib import Path

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening import moonshine_conversion
from stream_service.listening.moonshine_conversion import converted_model


class FakeConversion:
    """Writes small files where the real conversion would write large ones."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, target: Path, sources: dict[str, Path]) -> None:
        self.runs += 1
        target.mkdir(exist_ok=True)
        names = ("encoder.onnx", "first_step.onnx", "next_step.onnx")
        for name in names:
            (target / name).write_bytes(name.encode())
        (target / "sha256.json").write_text(json.dumps({name: sha256(name.encode()).hexdigest() for name in names}))


@pytest.fixture
def conversion(monkeypatch: pytest.MonkeyPatch) -> FakeConversion:
    fake = FakeConversion()
    monkeypatch.setattr(moonshine_conversion, "_convert_into", fake)
    monkeypatch.setattr(moonshine_conversion, "package_file", lambda _package, path, _digest, **_: Path(path))
    return fake


def test_model_is_converted_once(conversion: FakeConversion, tmp_path: Path) -> None:
    first = converted_model(tmp_path / "models")
    second = converted_model(tmp_path / "models")

    assert conversion.runs == 1
    assert first == second
    assert first.encoder.read_bytes() == b"encoder.onnx"


def test_damaged_cache_is_converted_anew(conversion: FakeConversion, tmp_path: Path) -> None:
    files = converted_model(tmp_path)
    files.next_step.write_bytes(b"half of it")

    converted_model(tmp_path)

    assert conversion.runs == 2
    assert files.next_step.read_bytes() == b"next_step.onnx"


def test_other_processes_wait_while_one_converts(
    conversion: FakeConversion, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    is_locked = []

    def convert(target: Path, sources: dict[str, Path]) -> None:
        (lock,) = tmp_path.glob("*.lock")
        with lock.open("w") as other_process:
            try:
                fcntl.flock(other_process, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_locked.append(True)
        conversion(target, sources)

    monkeypatch.setattr(moonshine_conversion, "_convert_into", convert)

    converted_model(tmp_path)

    assert is_locked == [True]


def test_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SpeechUnavailable, match=r"moonshine-cpp.*not installed.*Choose another transcriber"):
        converted_model(tmp_path)


def test_failed_conversion_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> Path:
        raise MemoryError

    monkeypatch.setattr(moonshine_conversion, "package_file", lambda _package, path, _digest, **_: Path(path))
    monkeypatch.setattr(moonshine_conversion, "_as_onnx", fail)

    with pytest.raises(MemoryError):
        converted_model(tmp_path)

    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]

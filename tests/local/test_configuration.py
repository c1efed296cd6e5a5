from __future__ import annotations

from pathlib import Path

import pytest

from local.configuration import Configuration, configure
from local.layout import Layout, choose_ports
from local.ports import free_port


def configured(directory: Path) -> Configuration:
    references = ("MessageQueue", "MessageDeadLetterQueue", "DataBucket", "ProviderSecret", "PseudonymSecret")
    return configure(
        Layout(directory=directory),
        choose_ports(free_port()),
        database_url="postgresql://vaani@127.0.0.1:1/vaani",
        database_certificate=directory / "certificate",
        redis_url="redis://127.0.0.1:2",
        attributes={name: {"Ref": name} for name in references},
    )


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPEECH_TO_TEXT", "TEXT_TO_SPEECH", "VOICE_NOTES", "VOICE_NOTES_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_voice_notes_are_heard_by_the_program_beside_the_functions(tmp_path: Path) -> None:
    configuration = configured(tmp_path)

    assert configuration.variables["VOICE_NOTES"] == "openai"
    assert configuration.variables["VOICE_NOTES_BASE_URL"] == f"http://127.0.0.1:{configuration.ports.speech}/v1"


@pytest.mark.parametrize("name", ["SPEECH_TO_TEXT", "TEXT_TO_SPEECH"])
def test_scripted_calls_have_scripted_voice_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "scripted")

    configuration = configured(tmp_path)

    assert configuration.variables["VOICE_NOTES"] == "scripted"
    assert "VOICE_NOTES_BASE_URL" not in configuration.variables


def test_another_engine_may_be_named_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_NOTES", "openai")
    monkeypatch.setenv("VOICE_NOTES_BASE_URL", "http://127.0.0.1:9/v1")

    assert configured(tmp_path).variables["VOICE_NOTES_BASE_URL"] == "http://127.0.0.1:9/v1"

"""The command, on the functions' sources; tests/built runs what `sam build` leaves."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from local import invoke

pytestmark = pytest.mark.integration

EVENTS = Path(__file__).parents[2] / "events"


def arguments(directory: Path, function: str, event: str, *options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    invoke.add_arguments(parser)
    return parser.parse_args([function, str(EVENTS / event), "--source", "--directory", str(directory), *options])


@pytest.mark.parametrize("has_emulator", [True, False])
def test_the_answer_is_printed_and_what_is_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, has_emulator: bool
) -> None:
    if not has_emulator:
        monkeypatch.setattr(invoke, "find_emulator", lambda: None)

    status = invoke.run(arguments(tmp_path, "voice_webhook", "voice_webhook/health.json"))

    printed = capsys.readouterr()
    assert status == 0
    assert json.loads(json.loads(printed.out)["body"])["data"] == {"alive": True}
    assert "not reachable: PostgreSQL" in printed.err
    assert "voice_webhook took" in printed.err
    assert ("a plain process runs the source" in printed.err) is not has_emulator


def test_a_function_that_fails_ends_with_a_status_and_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_PER_MINUTE", "none")

    status = invoke.run(arguments(tmp_path, "message_webhook", "message_webhook/health.json"))

    printed = capsys.readouterr()
    assert (status, printed.out) == (1, "")
    assert "REQUESTS_PER_MINUTE" in printed.err


def test_an_unknown_function_is_answered_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = invoke.run(arguments(tmp_path, "nothing", "voice_webhook/health.json"))

    assert status == 1
    assert "voice_webhook" in capsys.readouterr().err

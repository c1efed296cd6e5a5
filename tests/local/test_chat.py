from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from local import chat


def options(*arguments: str) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser()
    chat.add_arguments(parser)
    return parser.parse_args(arguments)


def test_usual_user_writes_by_way_of_meta() -> None:
    chosen = options()

    assert (chosen.user, chosen.channel, chosen.patience, chosen.once) == ("919845012345", "whatsapp", 20, None)


def test_help_tells_what_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--help")

    shown = capsys.readouterr().out
    assert all(command in shown for command in ("/image FILE", "/voice FILE.wav", "/react", "/edit", "/channel", "/1"))


def test_chat_without_a_platform_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAANI_LOCAL_DIRECTORY", str(tmp_path))

    status = chat.run(options("--once", "Hello"))

    assert status == 1
    assert "make run" in capsys.readouterr().err

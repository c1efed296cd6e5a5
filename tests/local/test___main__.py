"""What every command of the local platform has in common."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from local import __main__ as command_line


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    nobody_reads, output = os.pipe()
    os.close(nobody_reads)

    try:
        ended = subprocess.run(
            [sys.executable, "-m", "local", "exports", "--athena", "my-bucket"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(output)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_another_broken_pipe_than_the_outputs_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, BrokenPipeError("a socket"))

    with pytest.raises(BrokenPipeError, match="a socket"):
        command_line.main(["costs"])


def test_ctrl_c_ends_a_command_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, KeyboardInterrupt())

    assert command_line.main(["costs"]) == command_line.INTERRUPTED


def play(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(_: object) -> int:
        raise error

    command = SimpleNamespace(add_arguments=lambda _: None, run=run)
    monkeypatch.setattr("importlib.import_module", lambda _: command)

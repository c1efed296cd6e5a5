"""The command `tail` on a folder of logs."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import tail
from local.layout import REPOSITORY

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
METRIC = {"_aws": {"Timestamp": 1795435200000, "CloudWatchMetrics": []}, "turns": [1.0]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy's folder whose worker logged a warning, a metric and a turn, and whose database logged text."""
    logs = tmp_path / "logs"
    logs.mkdir()
    written = [
        {"level": "WARNING", "message": "model_failed", "timestamp": "2026-11-23T12:00:00.000+00:00"},
        METRIC,
        {"level": "INFO", "message": "reply_delivered", "timestamp": "2026-11-23T12:00:01.000+00:00"},
    ]
    (logs / "message_worker.log").write_text("".join(json.dumps(line) + "\n" for line in written))
    (logs / "postgres.log").write_text("2026-11-23 12:00:02.000 UTC [1] LOG:  ready\n")
    return tmp_path


def tailed(copy: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    tail.add_arguments(parser)
    return tail.run(parser.parse_args([*arguments, "--no-follow", "--directory", str(copy)]))


def test_lines_are_shown_for_people_and_metrics_are_not(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = tailed(copy)

    lines = capsys.readouterr().out.splitlines()
    assert (status, len(lines)) == (0, 3)
    assert "model failed" in lines[0]
    assert "reply delivered" in lines[1]
    assert "LOG:  ready" in lines[2]


def test_metrics_are_shown_when_asked(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tailed(copy, "--metrics", "message_worker")

    assert len(capsys.readouterr().out.splitlines()) == 3


def test_lines_as_json_are_as_they_were_written_and_all_are_json(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tailed(copy, "--json")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert METRIC in lines
    assert lines[-1] == {"program": "postgres", "text": "2026-11-23 12:00:02.000 UTC [1] LOG:  ready"}


def test_what_was_asked_for_is_shown_alone(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tailed(copy, "--level", "warning", "--explain")

    event, explained = capsys.readouterr().out.splitlines()
    assert "model failed" in event
    assert "One model engine failed" in explained


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--since", "yesterday"], "30s, 5m"), (["--grep", "("], "--grep"), (["nobody"], "postgres")],
)
def test_what_cannot_be_understood_is_refused_with_how_it_should_look(
    copy: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    status = tailed(copy, *arguments)

    assert (status, named in capsys.readouterr().err) == (2, True)


def test_without_a_platform_it_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = tailed(tmp_path)

    assert (status, "make run" in capsys.readouterr().err) == (1, True)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("30s", NOW.replace(hour=11, minute=59, second=30)),
        ("5m", NOW.replace(hour=11, minute=55)),
        ("2h", NOW.replace(hour=10)),
        ("1d", NOW.replace(day=22)),
        ("2026-11-23T07:00Z", NOW.replace(hour=7)),
        ("2026-11-23T12:30+05:30", NOW.replace(hour=7)),
    ],
)
def test_since_is_so_long_ago_or_a_moment(text: str, since: datetime) -> None:
    assert tail.read_since(text, now=NOW) == since


def test_a_reader_who_has_enough_is_no_error(copy: Path) -> None:
    with (copy / "logs" / "message_worker.log").open("a") as log:
        log.writelines('{"message":"x"}\n' for _ in range(5000))
    command = [sys.executable, "-m", "local", "tail", "--no-follow", "--directory", str(copy)]

    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (0, b"")

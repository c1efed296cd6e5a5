"""The command says which alarms would call somebody, on what the programs of a copy wrote."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from local.alarms import command

NOON = 1_800_000_000 // 3600 * 3600
LAST_MINUTES = 20


def line(minute: int, **values: float) -> str:
    """What the stream service measured, so many minutes after noon."""
    directive = {"Namespace": "Vaani", "Dimensions": [["service"]], "Metrics": [{"Name": name} for name in values]}
    head = {"Timestamp": (NOON + minute * 60 + 5) * 1000, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, "service": "stream_service", **{name: [value] for name, value in values.items()}})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy whose calls fill it from the fifth minute to the tenth, and which was stopped later."""
    (tmp_path / "logs").mkdir()
    lines = [
        line(minute, active_calls=45 if 5 <= minute < 10 else 5, call_capacity=50, requests=1, request_errors=0)
        for minute in range(LAST_MINUTES)
    ]
    (tmp_path / "logs" / "stream_service.log").write_text("not a metric\n" + "\n".join(lines) + "\n")
    return tmp_path


def run(copy: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*arguments, "--directory", str(copy)]))


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The alarms that were measured, with their states."""
    judged = json.loads(capsys.readouterr().out)
    return {alarm["alarm"]: alarm["state"] for alarm in judged if alarm["is_measured"]}


@pytest.mark.requirement("9.4")
def test_an_alarm_that_would_call_is_named_with_its_value_and_what_to_do(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = "2027-01-15T08:08"

    assert run(copy, "--at", at) == command.SOME_IN_ALARM

    called, what_to_do, *others = capsys.readouterr().out.splitlines()[1:]
    assert called.split()[:3] == ["ALARM", "CallLoadHigh", "90"]
    assert "First: " in what_to_do
    assert any(line.split()[:2] == ["OK", "ErrorRateHigh"] for line in others)
    assert "CertificateExpires" in others[-1]


def test_a_copy_that_was_stopped_is_judged_as_of_its_last_metric(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(copy, "--at", "last", "--json") == 0

    assert states(capsys)["CallLoadHigh"] == "OK"


def test_the_history_tells_when_an_alarm_began_and_ended(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(copy, "CallLoadHigh", "--history", "--at", "last") == command.SOME_IN_ALARM

    began, ended, summary = capsys.readouterr().out.splitlines()[1:]
    assert began.split()[1:4] == ["08:07", "ALARM", "CallLoadHigh"]
    assert ended.split()[1:4] == ["08:12", "OK", "CallLoadHigh"]
    assert summary.startswith("1 of 1 alarms called somebody")


def test_requests_stand_in_for_what_the_load_balancer_would_have_counted(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = line(LAST_MINUTES, requests=10, request_errors=9)
    with (copy / "logs" / "history_api.log").open("w") as log:
        log.write(failing.replace('"service": "stream_service"', '"service": "history_api"') + "\n")

    assert run(copy, "--at", "last", "--json") == command.SOME_IN_ALARM

    assert states(capsys)["ErrorRateHigh"] == "ALARM"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["NoSuchAlarm"], 2, "no alarm is called NoSuchAlarm"),
        (["--at", "yesterday"], 2, "yesterday is no time"),
    ],
)
def test_what_cannot_be_judged_is_said(
    copy: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, told: str
) -> None:
    assert run(copy, *arguments) == status

    assert told in capsys.readouterr().err


def test_a_copy_that_never_ran_has_no_metrics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 1

    assert "no metrics in" in capsys.readouterr().err

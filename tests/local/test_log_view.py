"""Log lines as people read them."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from local.log_entry import read_entry
from local.log_meanings import read_meanings
from local.log_view import LogView
from local.terminal import Paint
from tests.shared.observability.log_calls import logged_events

PLAIN = LogView(Paint(io.StringIO()))


class Terminal(io.StringIO):
    """One that shows colours."""

    def isatty(self) -> bool:
        return True


def shown(view: LogView = PLAIN, program: str = "message_worker", **fields: Any) -> list[str]:
    line = {"level": "INFO", "timestamp": "2026-11-23T12:00:00.250+00:00", "service": program, **fields}
    return list(view.lines_of(read_entry(program, json.dumps(line))))


def test_a_line_says_when_how_bad_who_what_and_the_facts() -> None:
    (line,) = shown(
        message="reply_delivered",
        location="turns.record_turn:23",
        agent_id="billing",
        stages_ms={"routing": 3, "total": 250},
        interrupted=False,
        conversation_id="01a20738-e16f-70e0-b96f-77e1a562f105",
    )

    assert re.fullmatch(
        r"\d\d:\d\d:00\.250  INFO     message_worker    reply delivered  "
        r"agent_id=billing stages_ms=\{routing 3, total 250\} interrupted=false  conversation a562f105",
        line,
    )


def test_the_frames_of_an_exception_are_indented_below() -> None:
    event, first, second = shown(
        level="ERROR", message="turn_failed", exception="Traceback:\n  File x", exception_name="KeyError"
    )

    assert event.endswith("turn failed  exception_name=KeyError")
    assert (first, second) == (" " * 15 + "Traceback:", " " * 15 + "  File x")


def test_what_the_runtime_of_lambda_writes_is_an_error_with_frames() -> None:
    event, frame = shown(
        level=None, log_level="ERROR", errorType="KeyError", errorMessage="x", stackTrace=["  File x\n"]
    )

    assert "ERROR" in event
    assert event.endswith("KeyError: x")
    assert frame.strip() == "File x"


def test_metrics_are_shown_as_values_with_their_dimensions() -> None:
    described = {"Dimensions": [["service", "channel"]], "Metrics": [{"Name": "turns"}, {"Name": "turn_total_ms"}]}
    aws = {"Timestamp": 1795435200000, "CloudWatchMetrics": [described]}

    (line,) = shown(_aws=aws, turns=[1.0], turn_total_ms=[250.0, 90.0], channel="voice")

    assert line.endswith("metric   message_worker    turns=1 turn_total_ms=2x up to 250  (channel voice)")


def test_text_of_other_programs_is_shown_as_it_is_but_harmless() -> None:
    (line,) = PLAIN.lines_of(read_entry("postgres", "LOG:  ready \x1b[2J"))

    assert line.endswith("postgres          LOG:  ready  [2J")


@pytest.mark.parametrize("field", ["message", "agent_id", "conversation_id", "service"])
def test_nothing_in_a_line_can_play_with_the_terminal(field: str) -> None:
    told: dict[str, Any] = {"message": "x", field: "\x1b[2J\x07"}

    assert "\x1b" not in "".join(shown(**told))


def test_levels_have_colours_in_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    coloured = shown(LogView(Paint(Terminal())), level="ERROR", message="turn_failed")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = shown(LogView(Paint(Terminal())), level="ERROR", message="turn_failed")

    assert "\x1b[31mERROR" in coloured[0]
    assert "\x1b" not in plain[0]


def test_warnings_and_errors_are_explained_when_asked() -> None:
    view = LogView(Paint(io.StringIO()), meanings=read_meanings())

    warning = shown(view, level="WARNING", message="counter_unavailable")
    work = shown(view, message="reply_delivered")

    assert "Is the cache up?" in warning[1]
    assert len(work) == 1


def test_every_event_can_be_explained() -> None:
    assert set(logged_events()) - set(read_meanings()) == set()

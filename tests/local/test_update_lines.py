"""A live update as a person reads it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from local.terminal import Paint, Progress, has_colours, one_line
from local.update_lines import line_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def event(**data: Any) -> dict[str, Any]:
    return {
        "id": "1-0",
        "type": "call.turn",
        "at": "2026-03-02T09:30:00Z",
        "conversation_id": "c-1",
        "channel": "voice",
        "user_id": "+919800000001",
        "data": data,
    }


def test_a_line_says_who_said_what_and_how_long_it_took() -> None:
    line = line_of(event(speaker="agent", text="We are open.", stages_ms={"total": 480}), Paint(io.StringIO()))

    assert line.endswith("call.turn         voice +919800000001        speaker=agent “We are open.” (480 ms)")


def test_a_line_fits_the_terminal() -> None:
    assert len(line_of(event(text="word " * 100), Paint(io.StringIO()), width=80)) <= 80


def test_what_users_write_cannot_move_the_cursor() -> None:
    assert "\x1b" not in line_of(event(text="\x1b[2Jgone"), Paint(io.StringIO()))
    assert one_line("a\r\nb\x9b") == "a  b "


def test_a_gap_has_no_user() -> None:
    gap = {**event(reason="too_old"), "type": "updates.gap", "channel": None, "user_id": None, "conversation_id": None}

    assert line_of(gap, Paint(io.StringIO())).endswith("reason=too_old")


@pytest.mark.parametrize(
    ("output", "environment", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    output: io.StringIO, environment: dict[str, str], *, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert has_colours(output) == expected
    assert (Paint(output).good("ok") != "ok") == expected


def test_progress_is_one_changing_line_in_a_terminal_and_plain_lines_elsewhere() -> None:
    terminal, pipe = Terminal(), io.StringIO()

    for output in (terminal, pipe):
        progress = Progress(output)
        progress.step("measuring passages 1 of 2")
        progress.step("measuring passages 2 of 2")
        progress.done()

    assert "\n" not in terminal.getvalue()
    assert pipe.getvalue().count("\n") == 2
    assert "\x1b" not in pipe.getvalue()

"""Traces shown to people: as a tree, with times, and a word about what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.__main__ import main
from local.trace_spans import read_traces
from shared.adapters.traces.file import TraceFile
from shared.domain.span import FinishedSpan

SECOND = 1_000_000_000
BEGAN = 1_795_420_207 * SECOND


def write(
    file: Path, service: str, *spans: tuple[str, str, str, float, float], trace: str = "a" * 32, **given: object
) -> None:
    """Spans as name, id, parent's id, beginning and end in seconds."""
    TraceFile(file).write(
        service,
        [
            FinishedSpan(
                trace_id=trace,
                span_id=span_id * 16,
                parent_id=parent * 16,
                name=name,
                started_ns=BEGAN + round(started * SECOND),
                ended_ns=BEGAN + round(ended * SECOND),
                **given,  # type: ignore[arg-type]
            )
            for name, span_id, parent, started, ended in spans
        ],
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "traces.jsonl"


def shown(file: Path, *options: str) -> int:
    return main(["trace", *options, "--directory", str(file.parent)])


def test_a_trace_of_two_programs_is_one_tree_in_the_order_of_time(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The worker ends first here: the file's order says nothing.
    write(file, "message_worker", ("send", "3", "2", 1.5, 1.75), ("queue_attempt", "2", "1", 1, 2))
    write(file, "message_webhook", ("POST /webhooks", "1", "", 0, 0.5), attributes={"request_id": "1-aa"})

    assert shown(file) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"trace {'a' * 32}   2026-11-23 ")
    assert "2000.0 ms   3 spans" in lines[0]
    assert [line.split("  ")[0] for line in lines if line in {"message_webhook", "message_worker"}] == [
        "message_webhook",
        "message_worker",
    ]
    depths = {
        line.split()[0]: len(line) - len(line.lstrip()) for line in lines if " ms " in line and "trace" not in line
    }
    assert depths == {"POST": 2, "queue_attempt": 4, "send": 6}
    assert "250.0 ms" in next(line for line in lines if "send" in line)


def test_what_failed_is_said_with_its_code(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "message_worker", ("send", "1", "", 0, 1), error="provider_unavailable")

    shown(file)

    output = capsys.readouterr().out
    assert "failed: provider_unavailable" in output
    assert "1 of 1 spans failed" in output


def test_the_last_is_the_one_in_which_somebody_was_answered(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "message_worker", ("send", "1", "", 0, 1), trace="a" * 32)
    write(file, "message_worker", ("queue_attempt", "2", "", 5, 6), trace="b" * 32)

    shown(file, "last")

    assert f"trace {'a' * 32}" in capsys.readouterr().out


@pytest.mark.parametrize("wanted", ["abcdef01", "Root=1-abcdef01-" + "2" * 24, "562f105b", "22222222"])
def test_a_trace_is_found_by_any_of_its_ids(file: Path, capsys: pytest.CaptureFixture[str], wanted: str) -> None:
    trace = "abcdef01" + "2" * 24
    write(file, "message_worker", ("send", "1", "", 0, 1), trace=trace, attributes={"conversation_id": "x-562f105b"})
    write(file, "message_worker", ("send", "2", "", 5, 6), trace="c" * 32)

    assert shown(file, wanted) == 0
    assert f"trace {trace}" in capsys.readouterr().out


def test_an_id_that_nothing_has_is_an_error_with_a_hint(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "message_worker", ("send", "1", "", 0, 1))

    assert shown(file, "nothing") == 1
    assert "--list" in capsys.readouterr().err


def test_without_a_file_it_is_said_how_one_comes_about(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(file) == 1
    assert "python -m local up" in capsys.readouterr().err


def test_a_list_has_a_line_for_each(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "message_worker", ("send", "1", "", 0, 1), trace="a" * 32)
    write(file, "message_worker", ("send", "2", "", 5, 6), trace="b" * 32, error="x")

    assert shown(file, "--list") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("a" * 32)
    assert second.endswith("1 failed")


def test_a_line_that_is_being_written_hinders_nothing(file: Path) -> None:
    write(file, "message_worker", ("send", "1", "", 0, 1))
    with file.open("a") as output:
        output.write('{"resourceSpans":[{"resou')

    assert [trace.id for trace in read_traces(file)] == ["a" * 32]


def test_what_was_written_before_the_file_was_set_aside_belongs_to_it(file: Path) -> None:
    write(file, "message_webhook", ("request", "1", "", 0, 1))
    file.rename(file.with_name("traces.jsonl.1"))
    write(file, "message_worker", ("send", "2", "1", 1, 2))

    (trace,) = read_traces(file)

    assert [(depth, span.name) for depth, span in trace.tree()] == [(0, "request"), (1, "send")]

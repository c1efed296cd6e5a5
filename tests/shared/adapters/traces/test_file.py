"""The file of traces: whole lines from several processes, and no more than was allowed."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
from pathlib import Path

import pytest

from shared.adapters.traces.file import TraceFile, previous
from tests.shared.adapters.traces.spans import a_full_span, a_span

PROCESSES, LINES = 3, 200


def names(*files: Path) -> list[str]:
    return [
        span["name"]
        for file in files
        if file.exists()
        for line in file.read_text().splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def write_many(file: Path, number: int) -> None:
    sink = TraceFile(file)
    for line in range(LINES):
        sink.write(f"service-{number}", [a_span(name=f"{number}-{line}"), a_full_span()])


def test_each_write_is_one_line_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "made" / "traces.jsonl"

    TraceFile(file).write("one", [a_span(name="a"), a_span(name="b")])
    TraceFile(file).write("two", [a_span(name="c")])

    assert len(file.read_text().splitlines()) == 2
    assert names(file) == ["a", "b", "c"]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"

    TraceFile(file).write("one", [a_span()])

    assert file.stat().st_mode & 0o777 == 0o600


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(file, number)) for number in range(PROCESSES)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    written = [name for name in names(file) if not name.startswith("POST")]
    assert sorted(written) == sorted(f"{number}-{line}" for number in range(PROCESSES) for line in range(LINES))


def test_a_file_that_has_grown_too_large_is_set_aside_and_the_one_before_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    sink = TraceFile(file, largest_bytes=2_000)

    for number in range(40):
        sink.write("one", [a_span(name=f"{number}")])

    kept = names(previous(file), file)
    assert kept == [f"{number}" for number in range(40 - len(kept), 40)]
    assert file.stat().st_size <= 2_000
    assert previous(file).stat().st_size <= 2_000


def test_a_file_that_another_process_has_set_aside_meanwhile_is_not_set_aside_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "traces.jsonl"
    full, fresh = "full\n" * 400, "fresh\n"
    file.write_text(full)
    waits_for_nobody = fcntl.flock

    def while_another_was_first(descriptor: int, operation: int) -> None:
        waits_for_nobody(descriptor, operation)
        file.replace(previous(file))
        file.write_text(fresh)

    monkeypatch.setattr(fcntl, "flock", while_another_was_first)

    TraceFile(file, largest_bytes=2_000).write("one", [a_span(name="a")])

    assert previous(file).read_text() == full
    assert file.read_text().startswith(fresh)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OSError, match="file"):
        TraceFile(tmp_path / "file" / "traces.jsonl").write("one", [a_span()])

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak.log_watch import LogWatch, described, is_error


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"ERROR","message":"call_failed"}',
        '{"level":"CRITICAL","message":"x"}',
        "Traceback (most recent call last):",
        "2026-11-23 03:00:00 ERROR local.front_door broken",
        '2026-11-23 03:00:00.123 UTC [12] ERROR:  relation "x" does not exist',
    ],
)
def test_an_error_is_recognised(line: str) -> None:
    assert is_error(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"INFO","message":"no ERROR: here"}',
        '{"level":"WARNING","message":"context_slow"}',
        '{"_aws":{"CloudWatchMetrics":[]},"errors":0}',
        "2026-11-23 03:00:00 WARNING local.front_door slow",
        "",
    ],
)
def test_anything_else_is_not(line: str) -> None:
    assert not is_error(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '{"level":"ERROR","message":"call_failed","exception":"Traceback\\n  File\\nOSError: gone"}',
            "call_failed - OSError: gone",
        ),
        ("2026-11-23 03:00:00.123 UTC [12] ERROR:  no such table", "ERROR:  no such table"),
        ("2026-11-23 03:00:00,123 ERROR local.front_door broken", "ERROR local.front_door broken"),
    ],
)
def test_errors_of_a_kind_read_the_same(line: str, said: str) -> None:
    assert described(line) == said


def test_what_was_there_before_and_what_was_read_is_not_told_again(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text('{"level":"ERROR","message":"old"}\n')
    watch = LogWatch(tmp_path)
    with log.open("a") as file:
        file.write('{"level":"ERROR","message":"new"}\n')

    first, second = watch.new_errors(), watch.new_errors()

    assert first == ["worker: new"]
    assert second == []


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    watch = LogWatch(tmp_path)
    log.write_text('{"level":"ERROR"')
    early = watch.new_errors()
    with log.open("a") as file:
        file.write(',"message":"late"}\n')

    assert early == []
    assert watch.new_errors() == ["worker: late"]


def test_a_log_that_was_cut_is_read_on_from_its_new_end(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("x\n" * 100)
    watch = LogWatch(tmp_path)
    log.write_text('{"level":"ERROR","message":"kept"}\n')
    watch.new_errors()
    with log.open("a") as file:
        file.write('{"level":"ERROR","message":"after"}\n')

    assert watch.new_errors() == ["worker: after"]

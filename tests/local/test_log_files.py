"""Logs that grow, are cut, replaced and removed while they are read."""

from __future__ import annotations

from pathlib import Path

from local.log_files import LogFiles
from local.logs import MAX_BYTES, bound_logs


def raw(files: LogFiles, *, whole: bool = False) -> list[str]:
    return [entry.raw for entry in files.existing(whole=whole)]


def stamped(second: int) -> str:
    return f'{{"timestamp":"2026-11-23T12:00:{second:02}.000+00:00"}}'


def test_what_is_there_comes_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"{stamped(1)}\n{stamped(4)}\n")
    (tmp_path / "b.log").write_text(f"{stamped(2)}\n  continued\n{stamped(3)}\n")

    lines = raw(LogFiles(tmp_path))

    assert lines == [stamped(1), stamped(2), "  continued", stamped(3), stamped(4)]


def test_only_what_is_new_comes_and_only_once_it_has_an_end(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("old\n")
    files = LogFiles(tmp_path)
    files.skip()

    with log.open("a") as out:
        out.write("new\nhalf a")
    first = raw(files)
    with log.open("a") as out:
        out.write(" line\n")

    assert (first, raw(files), raw(files)) == (["new"], ["half a line"], [])


def test_who_does_not_wait_gets_the_unfinished_line_too(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("whole\nhalf")

    assert raw(LogFiles(tmp_path), whole=True) == ["whole", "half"]


def test_a_log_that_was_cut_is_read_on_where_it_was_left(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {number:09}\n" for number in range(MAX_BYTES // 14)))
    files = LogFiles(tmp_path)
    files.skip()

    bound_logs(tmp_path)
    with log.open("a") as out:
        out.write("new\n")

    assert raw(files) == ["new"]


def test_a_log_that_was_emptied_or_replaced_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    files = LogFiles(tmp_path)
    files.skip()

    log.write_text("x\n")
    emptied = raw(files)
    (tmp_path / "fresh").write_text("a fresh log, longer than before\n")
    (tmp_path / "fresh").replace(log)

    assert (emptied, raw(files)) == (["x"], ["a fresh log, longer than before"])


def test_logs_may_appear_and_go(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, ("a", "b"))
    (tmp_path / "a.log").write_text("a\n")
    first = raw(files)

    (tmp_path / "a.log").unlink()
    (tmp_path / "b.log").write_text("b\n")
    (tmp_path / "c.log").write_text("nobody asked\n")

    assert (first, raw(files)) == (["a"], ["b"])


def test_following_gives_what_comes_between_the_looks(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.touch()
    waits = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        log.write_text("new\n")

    entry = next(LogFiles(tmp_path).following(wait))

    assert (entry.program, entry.raw, len(waits)) == ("a", "new", 1)

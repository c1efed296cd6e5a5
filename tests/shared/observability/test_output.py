"""Lines that are written in the background: whole, in order, bounded, and nobody waits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading

import pytest

from shared.observability.output import BackgroundOutput


class SlowReader(io.StringIO):
    """A pipe that nobody reads until somebody does."""

    def __init__(self) -> None:
        super().__init__()
        self.is_stuck = threading.Event()
        self.may_go_on = threading.Event()

    def write(self, text: str) -> int:
        self.is_stuck.set()
        assert self.may_go_on.wait(30)
        return super().write(text)


def test_a_log_that_nobody_reads_makes_no_writer_wait() -> None:
    reader = SlowReader()
    output = BackgroundOutput(reader, note_lost=lambda _: None)

    for number in range(1000):
        output.write(f"{number}\n")

    assert reader.getvalue() == ""
    reader.may_go_on.set()
    output.finish()
    assert reader.getvalue() == "".join(f"{number}\n" for number in range(1000))


def test_what_finds_no_room_is_lost_and_counted() -> None:
    reader = SlowReader()
    lost: list[int] = []
    output = BackgroundOutput(reader, note_lost=lost.append, most_characters=10)
    output.write("first\n")
    assert reader.is_stuck.wait(30)

    output.write("too long to wait\n")
    output.write("another\n")

    reader.may_go_on.set()
    output.finish()
    assert (reader.getvalue(), lost) == ("first\n", [2])


class FullDisk(io.StringIO):
    """Refuses so many writes."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals
        self.attempts = 0
        self.has_refused = threading.Event()

    def write(self, text: str) -> int:
        self.attempts += 1
        if self.attempts <= self.refusals:
            self.has_refused.set()
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_what_cannot_be_written_is_lost_and_the_next_line_is_not() -> None:
    disk, lost = FullDisk(refusals=1), list[int]()
    output = BackgroundOutput(disk, note_lost=lost.append)
    output.write("first\n")
    assert disk.has_refused.wait(30)

    output.write("second\n")

    output.finish()
    assert (disk.getvalue(), lost) == ("second\n", [1])


def test_a_note_that_cannot_be_written_either_is_not_written_again_and_again() -> None:
    """Of a disk that stays full, or a reader that has gone, nobody makes a busy loop."""
    disk = FullDisk(refusals=1000)

    def note_lost(_lines: int) -> None:
        output.write("lines were lost\n")

    output = BackgroundOutput(disk, note_lost=note_lost)
    output.write("first\n")
    assert disk.has_refused.wait(30)

    output.finish()

    assert disk.attempts == 1


def test_lines_that_were_written_make_room_for_others() -> None:
    reader, is_told = SlowReader(), threading.Event()
    output = BackgroundOutput(reader, note_lost=lambda _: is_told.set(), most_characters=10)
    output.write("first\n")
    assert reader.is_stuck.wait(30)
    output.write("no room\n")
    reader.may_go_on.set()
    assert is_told.wait(30)

    output.write("123456789\n")

    output.finish()
    assert reader.getvalue() == "first\n123456789\n"


def test_lines_printed_in_pieces_by_several_threads_stay_whole() -> None:
    written = io.StringIO()
    output = BackgroundOutput(written, note_lost=lambda _: None)

    def speak(name: str) -> None:
        for _ in range(200):
            print(name * 20, file=output)

    speakers = [threading.Thread(target=speak, args=(name,)) for name in "abc"]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
    output.finish()

    assert sorted(written.getvalue().splitlines()) == sorted(name * 20 for name in "abc" for _ in range(200))


PROGRAM = """
import sys
from shared import observability
observability.write_in_background()
observability.configure(level="INFO")
for number in range(3000):
    observability.logger.info("reply_delivered", number=number)
sys.stderr.write("done")
"""


@pytest.mark.parametrize("reads", [True, False], ids=["read at last", "never read"])
def test_a_process_whose_pipe_is_full_goes_on_and_ends(*, reads: bool) -> None:
    """Half a megabyte into a pipe of 64 KB."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.read(4) == b"done"

        lines = process.stdout.read().splitlines() if reads else []

        assert process.wait(30) == 0
    assert len(lines) == (3000 if reads else 0)


FLOOD = """
from shared import observability
observability.write_in_background()
observability.configure(level="INFO", lines_per_minute=5)
for _ in range(100):
    observability.logger.warning("model_failed")
"""


def test_a_process_tells_at_its_end_what_it_left_out() -> None:
    done = subprocess.run([sys.executable, "-c", FLOOD], capture_output=True, text=True, check=True)

    *_, last = done.stdout.splitlines()
    assert json.loads(last)["left_out"] == 95

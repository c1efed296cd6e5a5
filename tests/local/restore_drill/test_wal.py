from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.restore_drill.wal import missing_segments


def segment(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


def test_an_archive_without_gaps_lacks_nothing() -> None:
    assert missing_segments([segment(2), segment(3), segment(4)], first=segment(2)) == []


@pytest.mark.parametrize("lost", [254, 255, 256, 257])
def test_a_lost_segment_is_named_across_the_end_of_a_log(lost: int) -> None:
    archived = [segment(number) for number in range(253, 259) if number != lost]

    assert missing_segments(archived, first=segment(253)) == [segment(lost)]


def test_the_newest_segment_is_missed_when_it_is_known_to_have_been_archived() -> None:
    assert missing_segments([segment(2)], first=segment(2), last=segment(3)) == [segment(3)]


def test_the_segment_of_the_backup_itself_is_missed() -> None:
    assert missing_segments([segment(3)], first=segment(2)) == [segment(2)]


def test_other_files_and_older_segments_and_other_timelines_do_not_count() -> None:
    archived = [segment(2), f"{segment(2)}.00000028.backup", segment(1), segment(9, timeline=2), "00000002.history"]

    assert missing_segments(archived, first=segment(2)) == []


@given(first=st.integers(0, 2000), count=st.integers(1, 40), lost=st.sets(st.integers(0, 39)))
def test_exactly_what_was_taken_away_is_missing(first: int, count: int, lost: set[int]) -> None:
    everything = [segment(first + number) for number in range(count)]
    gone = [name for number, name in enumerate(everything) if number in lost]

    left = [name for name in everything if name not in gone]

    assert missing_segments(left, first=everything[0], last=everything[-1]) == gone

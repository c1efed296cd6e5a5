"""The updates of the last minutes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_service.updates.recent import Place, RecentUpdates

places = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), unique=True, max_size=60).map(sorted)


def filled(told: list[Place], **limits: int) -> RecentUpdates:
    recent = RecentUpdates(nothing_before=(0, 0), **limits)
    for place in told:
        recent.append(place, _frame(place))
    return recent


def _frame(place: Place) -> bytes:
    return f"<{place[0]}-{place[1]}>".encode()


def everything_from(recent: RecentUpdates, number: int, *, most_bytes: int) -> bytes:
    """What a reader is sent who takes as much as it may at a time."""
    taken = b""
    while number < recent.end:
        frames, number = recent.frames_from(number, most_bytes=most_bytes)
        taken += frames
    return taken


@given(told=places, seen=st.tuples(st.integers(0, 50), st.integers(0, 3)), most_bytes=st.integers(1, 40))
def test_a_reader_gets_exactly_what_came_after_the_update_that_it_saw(
    told: list[Place], seen: Place, most_bytes: int
) -> None:
    recent = filled(told)

    sent = everything_from(recent, recent.number_after(seen), most_bytes=most_bytes)

    assert sent == b"".join(_frame(place) for place in told if place > seen)


@given(told=places, seen=st.tuples(st.integers(0, 50), st.integers(0, 3)), most=st.integers(1, 10))
def test_whoever_misses_something_is_known(told: list[Place], seen: Place, most: int) -> None:
    recent = filled(told, most_updates=most)

    sent = everything_from(recent, recent.number_after(seen), most_bytes=100)

    is_complete = sent == b"".join(_frame(place) for place in told if place > seen)
    assert recent.is_complete_after(seen) == is_complete
    assert recent.end - recent.first == min(most, len(told))


@given(told=places, before=st.integers(0, 60), reader=st.integers(0, 60))
def test_forgetting_changes_no_numbers(told: list[Place], before: int, reader: int) -> None:
    recent = filled(told)

    recent.forget_before(before)

    kept = [place for place in told if place[0] >= before]
    assert recent.end == len(told)
    assert everything_from(recent, recent.first, most_bytes=50) == b"".join(_frame(place) for place in kept)
    number = max(recent.first, min(reader, recent.end))
    assert everything_from(recent, number, most_bytes=50) == b"".join(_frame(place) for place in told[number:])


@given(told=places, most_bytes=st.integers(8, 100))
def test_no_more_bytes_are_kept_than_may_be(told: list[Place], most_bytes: int) -> None:
    recent = filled(told, most_bytes=most_bytes)

    kept = everything_from(recent, recent.first, most_bytes=10)

    assert recent.kept_bytes == len(kept) <= most_bytes


def test_what_was_told_before_the_process_knew_of_anything_is_missing() -> None:
    recent = RecentUpdates(nothing_before=(100, 0))

    assert not recent.is_complete_after((99, 9))
    assert recent.is_complete_after((100, 0))


def test_forgotten_updates_leave_the_memory() -> None:
    recent = RecentUpdates(nothing_before=(0, 0), most_updates=10)

    for number in range(10_000):
        recent.append((number, 0), b"x" * 100)

    assert len(recent._entries) < 2500  # nothing else shows what is held
    assert recent.kept_bytes == 1000

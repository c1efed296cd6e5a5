"""Server-sent events, whatever the boundaries of their bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.models.server_sent_events import LONGEST_EVENT_BYTES, EventStreamParser, EventTooLong


def parse(*chunks):
    parser = EventStreamParser()
    return [data for chunk in chunks for data in parser.feed(chunk)]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_ends_a_line(ending):
    assert parse(b"data: one" + ending + ending + b"data: two" + ending + ending) == ["one", "two"]


def test_lines_of_data_are_joined_by_newlines():
    assert parse(b"data: one\ndata: two\n\n") == ["one\ntwo"]


def test_only_the_first_space_of_the_value_is_dropped():
    assert parse(b"data:one\n\ndata:  two\n\n") == ["one", " two"]


def test_comments_names_ids_and_byte_order_mark_are_no_data():
    assert parse("\ufeffdata: one\n: ping\nevent: x\nid: 1\nretry: 5\nunknown\n\n: ping\n\n".encode()) == ["one"]


def test_incomplete_event_at_the_end_is_no_event():
    assert parse(b"data: one\n\ndata: tw") == ["one"]


def test_event_without_end_is_refused_before_it_fills_the_memory():
    line = b"data: " + b"x" * 1000 + b"\n"

    with pytest.raises(EventTooLong):
        parse(*[line] * (LONGEST_EVENT_BYTES // 1000 + 1))


_LINES = st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
_ENDINGS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@settings(deadline=None)
@given(st.data(), st.lists(st.tuples(_LINES, _ENDINGS), max_size=12))
def test_boundaries_of_chunks_change_nothing(data, lines):
    stream = b"".join(b"data: " + text.encode() + end + end for text, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert parse(*chunks) == [text for text, _ in lines]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=10))
def test_no_bytes_break_the_parser(chunks):
    parse(*chunks)

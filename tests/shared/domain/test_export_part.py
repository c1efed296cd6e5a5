"""A file of an export: bounded, readable as gzip, and the same for the same lines."""

from __future__ import annotations

import gzip
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.export_part import PartFile


@given(lines=st.lists(st.binary(max_size=50).map(lambda raw: raw.hex().encode() + b"\n"), min_size=1, max_size=40))
def test_what_went_in_comes_out_and_the_same_lines_are_the_same_bytes(lines: list[bytes]) -> None:
    first, second = PartFile(), PartFile()
    for line in lines:
        first.add(line)
        second.add(line)

    body, facts = first.close()

    assert gzip.decompress(body) == b"".join(lines)
    assert body == second.close()[0]
    assert (facts.rows, facts.bytes, facts.sha256) == (len(lines), len(body), hashlib.sha256(body).hexdigest())


def test_the_header_holds_no_time() -> None:
    part = PartFile()
    part.add(b"{}\n")

    assert part.close()[0][4:8] == bytes(4)


def test_a_file_is_full_by_rows_or_by_bytes_but_takes_one_line_however_long() -> None:
    part = PartFile(most_rows=2, most_bytes=10)

    assert part.has_room_for(b"x" * 100)
    part.add(b"12345678\n")
    assert part.has_room_for(b"\n")
    assert not part.has_room_for(b"12\n")
    part.add(b"\n")
    assert not part.has_room_for(b"")

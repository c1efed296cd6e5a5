"""Ids that grow with time."""

from __future__ import annotations

import time
import uuid

import pytest

from shared.adapters.postgres.identifiers import is_id, new_id


def test_ids_are_version_7_and_grow_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1_700_000_000_000_000_000, 1_700_000_000_001_000_000, 1_900_000_000_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))

    ids = [new_id() for _ in range(3)]

    assert ids == sorted(ids)
    assert {uuid.UUID(text).version for text in ids} == {7}
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}


def test_ids_of_one_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)

    assert len({new_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "nonsense", "01a202f3-4171-728d-bfa0", "x" * 36])
def test_other_text_is_no_id(text: str) -> None:
    assert not is_id(text)
    assert is_id(new_id())

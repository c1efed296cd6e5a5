"""Text and documents that PostgreSQL can hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from shared.adapters.postgres.column_types import REPLACEMENT, storable_json, storable_text

ANY_TEXT = some.text(some.characters())


@given(ANY_TEXT)
def test_any_text_becomes_storable(text: str) -> None:
    stored = storable_text(text)

    assert "\x00" not in stored
    stored.encode()


@given(some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert storable_text(text) == text


def test_what_cannot_be_held_leaves_a_mark() -> None:
    assert storable_text("a\x00b\ud800c") == f"a{REPLACEMENT}b{REPLACEMENT}c"


def test_a_document_is_made_storable_throughout() -> None:
    document = {"a\x00": ["\ud800", {"b": "\x00", "n": 1.5}], "none": None, "is": True}

    assert storable_json(document) == {
        f"a{REPLACEMENT}": [REPLACEMENT, {"b": REPLACEMENT, "n": 1.5}],
        "none": None,
        "is": True,
    }

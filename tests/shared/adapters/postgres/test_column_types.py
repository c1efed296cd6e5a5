"""Text and documents that PostgreSQL can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import literal, select

from shared.adapters.postgres.column_types import REPLACEMENT, AnyText, is_one_of, storable_json, storable_text
from shared.adapters.postgres.engine import Database

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


@pytest.mark.integration
async def test_a_value_is_found_among_more_than_a_statement_takes_parameters(database: Database) -> None:
    names = [f"wamid.{number}" for number in range(70_000)]
    column = literal("wamid.69999\x00", AnyText)

    found = select(is_one_of(column, [*names, "wamid.69999\x00"]), is_one_of(column, names), is_one_of(column, []))

    assert await database.run(lambda connection: tuple(connection.execute(found).one())) == (True, False, False)

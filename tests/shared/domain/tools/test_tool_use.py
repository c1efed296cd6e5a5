"""What is kept of a tool's arguments holds no secret and is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tools.tool_use import LONGEST_KEPT, MASK, masked


@pytest.mark.parametrize(
    "name",
    ["password", "Password", "user_password", "apiKey", "api-key", "cardNumber", "otp", "PIN", "access_token", "cvv"],
)
def test_what_is_secret_by_its_name_is_masked(name: str) -> None:
    assert masked({name: "open sesame", "inner": {name: [1234]}}) == {name: MASK, "inner": {name: MASK}}


@pytest.mark.parametrize(
    "value",
    [
        "Bearer abcdefgh12345678",
        "my key is sk-abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_what_looks_secret_is_masked_wherever_it_stands(value: str) -> None:
    kept = json.dumps(masked({"note": f"pay with {value} please"}))

    assert value not in kept
    assert "pay with" in kept


@pytest.mark.parametrize("name", ["number", "pincode_area", "spinning", "keyboard", "company", "is_secretary"])
def test_harmless_names_are_kept(name: str) -> None:
    assert masked({name: "INV-1042"}) == {name: "INV-1042"}


def test_a_number_that_is_a_cards_is_masked_and_others_are_kept() -> None:
    assert masked({"a": 4111111111111111, "b": 1250, "c": 0.5, "d": None, "e": True}) == {
        "a": MASK,
        "b": 1250,
        "c": 0.5,
        "d": None,
        "e": True,
    }


def test_a_long_text_is_cut_and_its_length_told() -> None:
    kept = masked({"about": "word " * 1000})["about"]

    assert isinstance(kept, str)
    assert kept.endswith("… (5000 characters)")


def test_of_very_many_arguments_only_their_length_is_kept() -> None:
    assert masked({f"a{number}": "text" for number in range(2000)}) == {"left_out": "32890 characters"}


JSON_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)


@given(st.dictionaries(st.text(max_size=10), JSON_VALUES, max_size=4))
def test_whatever_is_asked_is_kept_as_bounded_json(arguments: Any) -> None:
    kept = masked(arguments)

    assert kept.keys() == arguments.keys()
    assert all(len(text) <= LONGEST_KEPT + 40 for text in _texts(json.loads(json.dumps(kept))))


@given(st.dictionaries(st.text(max_size=10), JSON_VALUES, max_size=4), st.text(min_size=1, max_size=50))
def test_a_secret_is_found_at_any_depth(others: Any, secret: str) -> None:
    value = f"hidden:{secret}:hidden"

    assert value not in json.dumps(masked({**others, "a": [{"token": value}]}), ensure_ascii=False)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else []
    return [text for item in items for text in _texts(item)]

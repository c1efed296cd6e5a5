"""What an agent reads of a place, of people's cards, of an order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.domain.json_value import JSON
from shared.domain.message import MessageKind
from shared.domain.readable import LONGEST_DESCRIPTION, readable_text
from tests.samples import a_message

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                ["name", "phones", "phone", "org", "company", "quantity", "product_retailer_id", "emails"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
FACTS = some.dictionaries(
    some.sampled_from(["name", "address", "latitude", "longitude", "contacts", "product_items"]), ANYTHING
)


def read(kind: MessageKind, **facts: JSON) -> str:
    return readable_text(a_message(kind=kind, text="", attributes=facts))


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            {"name": "Lakeside Clinic", "address": "12 MG Road", "latitude": 12.97, "longitude": 77.59},
            "Location: Lakeside Clinic, 12 MG Road (12.97, 77.59)",
        ),
        ({"latitude": "12.97", "longitude": "77.59"}, "Location: 12.97, 77.59"),
        ({"name": "Lakeside\nClinic"}, "Location: Lakeside Clinic"),
        ({"latitude": {"deep": 1}}, ""),
        ({}, ""),
    ],
)
def test_a_place_is_its_name_its_address_and_its_point(facts: dict[str, JSON], text: str) -> None:
    assert read(MessageKind.LOCATION, **facts) == text


@pytest.mark.parametrize(
    ("cards", "text"),
    [
        (
            [
                {
                    "name": {"formatted_name": "Dr Asha Rao", "first_name": "Asha"},
                    "phones": [{"phone": "+91 98123 45678", "type": "WORK"}, {"wa_id": "919899999999"}],
                    "emails": [{"email": "asha@clinic.example"}],
                    "org": {"company": "Lakeside Clinic"},
                },
                {"name": {"first_name": "Ravi", "last_name": "K"}},
            ],
            "Contacts: Dr Asha Rao of Lakeside Clinic (+91 98123 45678, 919899999999, asha@clinic.example); Ravi K",
        ),
        ([{"phones": [{"phone": "112"}]}], "Contacts: 112"),
        ([{}, "text", None], ""),
        ("no list", ""),
    ],
)
def test_cards_are_names_and_ways_to_reach_them(cards: JSON, text: str) -> None:
    assert read(MessageKind.CONTACTS, contacts=cards) == text


def test_an_order_is_its_items() -> None:
    items: JSON = [
        {"product_retailer_id": "paracetamol-500", "quantity": 2, "item_price": 30, "currency": "INR"},
        {"product_retailer_id": "bandage"},
        {"quantity": 3},
    ]

    assert read(MessageKind.ORDER, product_items=items) == "Order: 2 x paracetamol-500 at INR 30 each; 1 x bandage"


@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.IMAGE, MessageKind.UNKNOWN])
def test_other_kinds_have_no_description(kind: MessageKind) -> None:
    assert read(kind, name="x", latitude=1) == ""


@given(some.sampled_from(MessageKind), FACTS)
def test_whatever_the_facts_are_the_description_is_one_bounded_line(kind: MessageKind, facts: dict[str, JSON]) -> None:
    text = read(kind, **facts)

    assert len(text) <= LONGEST_DESCRIPTION
    assert len(text.splitlines()) <= 1

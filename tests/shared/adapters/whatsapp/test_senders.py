"""Who a WhatsApp message is from."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.provider_json import Malformed
from shared.adapters.whatsapp.senders import MOST_ALIASES, read_echo_recipient, read_sender

PHONE, ID, PARENT = "919812345678", "IN.1349120865530274", "IN.ENT.1181579921288684"
NEW_PHONE, NEW_ID = "919899999999", "IN.9990000000000000"


def contact(**given: object) -> dict[str, Any]:
    return {"profile": {"name": "Devi", "username": "@devi"}, **given}


@pytest.mark.parametrize(
    ("element", "contacts", "user_id", "aliases"),
    [
        ({"from": PHONE}, [contact(wa_id=PHONE)], PHONE, ()),
        ({"from": PHONE, "from_user_id": ID}, [contact(wa_id=PHONE, user_id=ID)], PHONE, (ID,)),
        ({"from": PHONE}, [contact(wa_id=PHONE, user_id=ID, parent_user_id=PARENT)], PHONE, (ID, PARENT)),
        ({"from_user_id": ID}, [contact(user_id=ID)], ID, ()),
        ({"from_user_id": ID}, [contact(user_id=ID, wa_id=PHONE)], ID, (PHONE,)),
        ({"from_user_id": ID, "from_parent_user_id": PARENT}, [], ID, (PARENT,)),
        ({"from": ID}, [], ID, ()),
        ({"from": f"+{PHONE}"}, [contact(wa_id=PHONE)], PHONE, ()),
        ({"from": int(PHONE)}, [], PHONE, ()),
        ({}, [contact(wa_id=PHONE, user_id=ID)], PHONE, (ID,)),
        ({"from": ""}, [contact(user_id=ID)], ID, ()),
    ],
)
def test_every_identity_that_is_stated_is_known(
    element: dict[str, object], contacts: list[object], user_id: str, aliases: tuple[str, ...]
) -> None:
    sender = read_sender(element, {"contacts": contacts})

    assert (sender.user_id, sender.aliases) == (user_id, aliases)


def test_nobody_becomes_somebody_else_because_a_post_names_only_one_of_two_users() -> None:
    sender = read_sender({"from": "911111111111"}, {"contacts": [contact(wa_id=PHONE, user_id=ID)]})

    assert (sender.user_id, sender.aliases, sender.name) == ("911111111111", (), None)


def test_name_and_username_come_from_the_contact() -> None:
    sender = read_sender({"from": PHONE}, {"contacts": [contact(wa_id=PHONE)]})

    assert (sender.name, sender.username) == ("Devi", "@devi")


@pytest.mark.parametrize(
    ("element", "user_id", "aliases"),
    [
        ({"from": PHONE, "system": {"type": "user_changed_number", "wa_id": NEW_PHONE}}, PHONE, (NEW_PHONE,)),
        ({"from": PHONE, "system": {"type": "user_changed_number", "new_wa_id": int(NEW_PHONE)}}, PHONE, (NEW_PHONE,)),
        (
            {
                "from": PHONE,
                "system": {
                    "type": "user_changed_number",
                    "wa_id": NEW_PHONE,
                    "user_id": NEW_ID,
                    "previous_user_id": ID,
                },
            },
            PHONE,
            (ID, NEW_PHONE, NEW_ID),
        ),
        (
            {"system": {"type": "user_changed_user_id", "user_id": NEW_ID, "previous_user_id": ID}},
            ID,
            (NEW_ID,),
        ),
        (
            {"from_user_id": NEW_ID, "system": {"type": "user_changed_user_id", "previous_user_id": ID}},
            NEW_ID,
            (ID,),
        ),
        ({"from": PHONE, "system": {"type": "customer_identity_changed", "customer": PHONE}}, PHONE, ()),
    ],
)
def test_a_change_of_number_or_id_names_both_sides(
    element: dict[str, object], user_id: str, aliases: tuple[str, ...]
) -> None:
    sender = read_sender(element, {})

    assert (sender.user_id, sender.aliases) == (user_id, aliases)


@pytest.mark.parametrize(
    ("element", "user_id"),
    [({"to": PHONE, "to_user_id": ID}, PHONE), ({"to_user_id": ID}, ID), ({"recipient_user_id": ID}, ID)],
)
def test_an_echo_belongs_to_the_user_it_was_sent_to(element: dict[str, object], user_id: str) -> None:
    value = {"contacts": [contact(wa_id=PHONE, user_id=ID)]}

    assert read_echo_recipient({"from": "15551234567", **element}, value).user_id == user_id


@pytest.mark.parametrize(
    "element", [{}, {"from": None}, {"from": True}, {"from": -5}, {"from": []}, {"from": " + "}, {"from": "9" * 5000}]
)
def test_a_message_from_nobody_is_malformed(element: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        read_sender(element, {"contacts": "nobody"})


def test_aliases_are_few() -> None:
    system = {name: f"IN.{name}" for name in ("previous_user_id", "previous_parent_user_id", "customer", "wa_id")}
    system |= {name: f"IN.{name}" for name in ("new_wa_id", "user_id", "parent_user_id")}

    sender = read_sender({"from": PHONE, "from_user_id": ID, "from_parent_user_id": PARENT, "system": system}, {})

    assert len(sender.aliases) == MOST_ALIASES

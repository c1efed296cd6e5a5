"""What all payloads are made of: a payload and what it must become, and the furniture of Meta's envelope."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.samples import NOON

PHONE = "919812345678"
OTHER_PHONE = "6591234567"
NEW_PHONE = "919899999999"
USER_ID = "IN.1349120865530274"
OTHER_ID = "SG.7001234500098765"
NEW_ID = "IN.9990000000000001"
PARENT_ID = "IN.ENT.1181579921288684"
NAME = "Devi Krishnamurthy"
WORDS = "zebra-umbrella-saffron"
"""Stands in every text, so that a text in the wrong place is found."""
PERSONAL = (PHONE, OTHER_PHONE, NEW_PHONE, USER_ID, OTHER_ID, NEW_ID, PARENT_ID, NAME, WORDS)
BUSINESS_PHONE = "15551234567"
SECONDS = str(int(NOON.timestamp()) - 30)

_ids = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A webhook as it is posted, and the number of items of each sort that must come of it.

    Attributes:
        body: JSON for Meta; the fields of a form for Twilio.
        duplicates: how many of its messages are others of it again.
    """

    name: str
    path: str
    body: Any
    messages: int = 0
    statuses: int = 0
    notices: int = 0
    rejected: int = 0
    duplicates: int = 0

    @property
    def items(self) -> int:
        """How many items there are in all."""
        return self.messages + self.statuses + self.notices + self.rejected


@dataclass(slots=True)
class Family:
    """The payloads of one module, in the order in which they are written down."""

    path: str
    payloads: list[Payload] = field(default_factory=list)

    def add(self, name: str, body: object, **items: int) -> None:
        """Note a payload and what must become of it."""
        self.payloads.append(Payload(name=name, path=self.path, body=body, **items))


def wamid() -> str:
    """A new message id in WhatsApp's form."""
    return f"wamid.HBgMOTE5ODEyMzQ1Njc4FQIAEhgU{next(_ids):08d}"


def sid(prefix: str = "SM") -> str:
    """A new id in Twilio's form."""
    return f"{prefix}{next(_ids):032x}"


def envelope(*changes: object, entry: Mapping[str, object] | None = None) -> dict[str, Any]:
    """A notification with these changes."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", **(entry or {}), "changes": [*changes]}],
    }


def change(value: object, name: str = "messages") -> dict[str, Any]:
    """One change."""
    return {"field": name, "value": value}


def value(**lists: object) -> dict[str, Any]:
    """The value of a change of the messaging fields."""
    metadata = {"display_phone_number": BUSINESS_PHONE, "phone_number_id": "106540352242922"}
    return {"messaging_product": "whatsapp", "metadata": metadata, **lists}


def contact(**given: object) -> dict[str, Any]:
    """A user among `contacts`."""
    return {"profile": {"name": NAME}, "wa_id": PHONE, **given}


def message(type_name: str, content: object = None, **given: object) -> dict[str, Any]:
    """One element of `messages`."""
    held = {} if content is None else {type_name: content}
    return {"from": PHONE, "id": wamid(), "timestamp": SECONDS, "type": type_name, **held, **given}


def text(words: str = WORDS, **given: object) -> dict[str, Any]:
    """A text message."""
    return message("text", {"body": words}, **given)


def post(*elements: object, contacts: Sequence[object] | None = None) -> dict[str, Any]:
    """A notification that brings these messages."""
    named = [contact()] if contacts is None else contacts
    return envelope(change(value(contacts=named, messages=[*elements])))

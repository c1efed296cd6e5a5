"""Who a WhatsApp message is from: a phone number, a business-scoped id, or several identities of one user.

Source: WhatsApp Business Platform, "Business-scoped user IDs" and "System messages webhook reference".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.adapters.provider_json import Malformed, identity_of, list_of, object_of, text_of
from shared.domain.json_value import JSON

MOST_ALIASES = 8

_SENDER = ("from", "from_user_id", "from_parent_user_id")
_ECHO_RECIPIENT = (
    "to", "to_user_id", "recipient_user_id", "to_parent_user_id", "recipient_parent_user_id",
)  # fmt: skip
_CONTACT = ("wa_id", "user_id", "parent_user_id")
# A change of number or id names both sides. `customer` and `new_wa_id` are from older releases.
_CHANGE = (
    "previous_user_id", "previous_parent_user_id", "customer", "wa_id", "new_wa_id", "user_id", "parent_user_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The user of a message.

    Attributes:
        user_id: the phone number if it is stated, else the business-scoped id.
        aliases: the other identities that the webhook states for the same user.
    """

    user_id: str
    aliases: tuple[str, ...] = ()
    name: str | None = None
    username: str | None = None


def read_sender(element: JSON, value: JSON) -> Sender:
    """Who sent an element. `value` is the change that holds it: it names users in `contacts`.

    Raises:
        Malformed: nobody is named.
    """
    return _sender(element, value, _SENDER)


def read_echo_recipient(element: JSON, value: JSON) -> Sender:
    """To whom the business itself sent an element.

    Raises:
        Malformed: nobody is named.
    """
    return _sender(element, value, _ECHO_RECIPIENT)


def _sender(element: JSON, value: JSON, names: tuple[str, ...]) -> Sender:
    stated = _identities(element, names) + _identities(object_of(element, "system"), _CHANGE)
    contact = _contact(stated, value)
    stated += _identities(contact, _CONTACT)
    known = list(dict.fromkeys(stated))
    if not known:
        raise Malformed(f"{names[0]} and {names[1]} are missing or are not ids")
    profile = object_of(contact, "profile")
    username = text_of(profile, "username") or text_of(contact, "username")
    return Sender(
        user_id=known[0],
        aliases=tuple(known[1 : MOST_ALIASES + 1]),
        name=text_of(profile, "name") or username,
        username=username,
    )


def _identities(value: JSON, names: Iterable[str]) -> list[str]:
    return [found for name in names if (found := identity_of(value, name)) is not None]


def _contact(stated: list[str], value: JSON) -> JSON:
    """The user's entry among the contacts; a lone one is that of an element that names nobody."""
    contacts = list_of(value, "contacts")
    for contact in contacts:
        if not set(stated).isdisjoint(_identities(contact, _CONTACT)):
            return contact
    return contacts[0] if len(contacts) == 1 and not stated else None

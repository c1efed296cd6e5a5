"""What an agent can read of a message that holds facts instead of words: a place, people's cards, an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind

MOST_ENTRIES = 20
LONGEST_DESCRIPTION = 1500
_LONGEST_WORD = 200


def readable_text(message: InboundMessage) -> str:
    """A short plain description of the facts, in one line; empty for kinds that have none and for unreadable ones."""
    describe = _DESCRIPTIONS.get(message.kind)
    if describe is None:
        return ""
    return describe(message.attributes)[:LONGEST_DESCRIPTION].rstrip()


def _location(facts: dict[str, JSON]) -> str:
    place = _joined((facts.get("name"), facts.get("address")))
    point = _joined((facts.get("latitude"), facts.get("longitude")))
    if not place and not point:
        return ""
    return f"Location: {place} ({point})" if place and point else f"Location: {place or point}"


def _contacts(facts: dict[str, JSON]) -> str:
    described = [text for card in _entries(facts, "contacts") if (text := _contact(card))]
    return f"Contacts: {'; '.join(described)}" if described else ""


def _contact(card: JSON) -> str:
    name = _field(card, "name")
    full_name = _word(_field(name, "formatted_name")) or " ".join(
        word for part in ("first_name", "last_name") if (word := _word(_field(name, part)))
    )
    ways = _joined(
        [_field(phone, "phone") or _field(phone, "wa_id") for phone in _entries(card, "phones")]
        + [_field(email, "email") for email in _entries(card, "emails")]
    )
    works_at = _word(_field(_field(card, "org"), "company"))
    who = f"{full_name} of {works_at}" if full_name and works_at else full_name or works_at
    return f"{who} ({ways})" if who and ways else who or ways


def _order(facts: dict[str, JSON]) -> str:
    described = [text for item in _entries(facts, "product_items") if (text := _item(item))]
    return f"Order: {'; '.join(described)}" if described else ""


def _item(item: JSON) -> str:
    product = _word(_field(item, "product_retailer_id"))
    if not product:
        return ""
    price = " ".join(word for name in ("currency", "item_price") if (word := _word(_field(item, name))))
    text = f"{_word(_field(item, 'quantity')) or '1'} x {product}"
    return f"{text} at {price} each" if price else text


def _field(value: JSON, name: str) -> JSON:
    return value.get(name) if isinstance(value, dict) else None


def _entries(value: JSON, name: str) -> list[JSON]:
    found = _field(value, name)
    return found[:MOST_ENTRIES] if isinstance(found, list) else []


def _word(value: JSON) -> str:
    """A text or number in one line; a Boolean, a list or an object is neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return " ".join(str(value).split())[:_LONGEST_WORD]


def _joined(values: Iterable[JSON]) -> str:
    return ", ".join(word for value in values if (word := _word(value)))


_DESCRIPTIONS: dict[MessageKind, Callable[[dict[str, JSON]], str]] = {
    MessageKind.LOCATION: _location,
    MessageKind.CONTACTS: _contacts,
    MessageKind.ORDER: _order,
}

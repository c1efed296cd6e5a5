"""One element of a Meta webhook's `messages` or `message_echoes` as an InboundMessage.

Source: WhatsApp Business Platform, "messages webhook reference".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.adapters.provider_json import (
    LONGEST_IDENTITY,
    bounded_facts,
    bounded_id,
    object_of,
    picked,
    required_text,
    text_of,
    time_of,
)
from shared.adapters.whatsapp.contents import read_content
from shared.adapters.whatsapp.senders import Sender, read_echo_recipient, read_sender
from shared.domain.json_value import JSON
from shared.domain.message import TIME_IS_INVALID, InboundMessage, MessageKind

_CONTEXT = ("from", "forwarded", "frequently_forwarded", "referred_product")
_PLAIN = ("referral", "errors", "from_user_id", "from_parent_user_id", "identity")
_READ = frozenset({"id", "type", "timestamp", "context", "group_id", "from", "to", "to_user_id", *_PLAIN})
_KINDS = {kind.value: kind for kind in MessageKind if kind not in {MessageKind.SPEECH, MessageKind.ECHO}} | {
    "voice": MessageKind.AUDIO
}
# A time further ahead than this is not a clock that runs fast, but a wrong one.
_CLOCK_SKEW = timedelta(minutes=10)


def read_message(element: dict[str, JSON], value: JSON, *, channel: str, received_at: datetime) -> InboundMessage:
    """What a user sent. `value` is the change that holds the element: it names the user and the business.

    Raises:
        Malformed: the element has no id, no type, no sender, or is a text without words.
    """
    sender = read_sender(element, value)
    return _read(element, value, channel=channel, received_at=received_at, sender=sender)


def read_echo(element: dict[str, JSON], value: JSON, *, channel: str, received_at: datetime) -> InboundMessage:
    """What the business itself sent to a user with the phone app; agents must not answer it.

    Raises:
        Malformed: as in `read_message`, where the user is the one it was sent to.
    """
    recipient = read_echo_recipient(element, value)
    return _read(element, value, channel=channel, received_at=received_at, sender=recipient, is_echo=True)


def credible_time(value: JSON, name: str, *, received_at: datetime) -> datetime | None:
    """The moment under `name`; None when it cannot be read or lies in the future."""
    found = time_of(value, name)
    return None if found is None or found > received_at + _CLOCK_SKEW else found


def _read(
    element: dict[str, JSON],
    value: JSON,
    *,
    channel: str,
    received_at: datetime,
    sender: Sender,
    is_echo: bool = False,
) -> InboundMessage:
    message_id = required_text(element, "id")
    type_name = required_text(element, "type")
    kind = _KINDS.get(type_name, MessageKind.UNKNOWN)
    content = read_content(kind, element, type_name)
    context = object_of(element, "context")
    sent_at = credible_time(element, "timestamp", received_at=received_at)
    reply_to = text_of(context, "id")
    group_id = text_of(element, "group_id")
    attributes = {**content.attributes, **_other_facts(element, type_name), **picked(context, _CONTEXT)}
    if sent_at is None:
        attributes[TIME_IS_INVALID] = True
    if is_echo:
        attributes["echo_of"] = type_name
    if sender.username is not None:
        attributes["username"] = sender.username
    return InboundMessage(
        channel=channel,
        user_id=sender.user_id,
        provider_message_id=bounded_id(message_id),
        kind=MessageKind.ECHO if is_echo else kind,
        text=content.text,
        business_id=_business_id(value),
        sent_at=sent_at or received_at,
        received_at=received_at,
        user_name=sender.name,
        reply_to=None if reply_to is None else bounded_id(reply_to),
        media=content.media,
        group_id=group_id if group_id is not None and len(group_id) <= LONGEST_IDENTITY else None,
        aliases=sender.aliases,
        attributes=attributes,
    )


def _business_id(value: JSON) -> str:
    return (text_of(object_of(value, "metadata"), "phone_number_id") or "")[:LONGEST_IDENTITY]


def _other_facts(element: dict[str, JSON], type_name: str) -> dict[str, JSON]:
    """What every type may carry, and what we do not know yet."""
    unknown = {name: fact for name, fact in element.items() if name not in _READ and name != type_name}
    unread = bounded_facts(unknown)
    return picked(element, _PLAIN) | ({"unknown_fields": unread} if unread else {})

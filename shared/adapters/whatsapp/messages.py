"""One element of a Meta webhook's `messages` or `message_echoes` as an InboundMessage.

Source: WhatsApp Business Platform, "messages webhook reference" and "Business-scoped user IDs".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from shared.adapters.provider_json import (
    Malformed,
    list_of,
    object_of,
    picked,
    required_text,
    storable,
    text_of,
    time_of,
)
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind

Content = tuple[str, dict[str, JSON]]

_MEDIA = ("id", "mime_type", "sha256", "filename", "url", "voice", "animated")
_CONTEXT = ("from", "forwarded", "frequently_forwarded", "referred_product")
_PLAIN = ("group_id", "referral", "errors", "from_user_id", "from_parent_user_id", "identity")
_KINDS = {kind.value: kind for kind in MessageKind if kind not in {MessageKind.SPEECH, MessageKind.ECHO}} | {
    "voice": MessageKind.AUDIO
}


def read_message(element: JSON, value: JSON, *, channel: str, received_at: datetime) -> InboundMessage:
    """What a user sent. `value` is the change that holds the element: it names the user and the business.

    Raises:
        Malformed: the element has no id, no type, no sender, or is a text without words.
    """
    return _read(element, value, channel=channel, received_at=received_at, user_id=_sender(element, value))


def read_echo(element: JSON, value: JSON, *, channel: str, received_at: datetime) -> InboundMessage:
    """What the business itself sent to a user with the phone app; agents must not answer it.

    Raises:
        Malformed: as in `read_message`, where the user is the one it was sent to.
    """
    user_id = text_of(element, "to") or text_of(element, "to_user_id") or text_of(element, "recipient_user_id")
    if user_id is None:
        raise Malformed("to is missing or is not text")
    return _read(element, value, channel=channel, received_at=received_at, user_id=user_id, is_echo=True)


def _read(
    element: JSON, value: JSON, *, channel: str, received_at: datetime, user_id: str, is_echo: bool = False
) -> InboundMessage:
    message_id = required_text(element, "id")
    type_name = required_text(element, "type")
    kind = _KINDS.get(type_name, MessageKind.UNKNOWN)
    text, attributes = _CONTENT.get(kind, _unknown)(element, type_name)
    context = object_of(element, "context")
    sent_at = time_of(element, "timestamp")
    attributes |= picked(element, _PLAIN) | picked(context, _CONTEXT)
    if sent_at is None:
        attributes["timestamp_is_invalid"] = True
    if is_echo:
        attributes["echo_of"] = type_name
    return InboundMessage(
        channel=channel,
        user_id=user_id.removeprefix("+"),
        provider_message_id=message_id,
        kind=MessageKind.ECHO if is_echo else kind,
        text=text,
        business_id=text_of(object_of(value, "metadata"), "phone_number_id") or "",
        sent_at=sent_at or received_at,
        received_at=received_at,
        user_name=_user_name(element, value),
        reply_to=text_of(context, "id"),
        attributes=attributes,
    )


def _sender(element: JSON, value: JSON) -> str:
    """The user's phone number, or the business-scoped id of a user who hides it."""
    stated = text_of(element, "from") or text_of(element, "from_user_id")
    contact = _contact(element, value)
    found = stated or text_of(contact, "wa_id") or text_of(contact, "user_id")
    if found is None:
        raise Malformed("from and from_user_id are missing or are not text")
    return found


def _contact(element: JSON, value: JSON) -> JSON:
    """The user's entry among the contacts. A lone contact is the user even if the numbers are written differently."""
    contacts = list_of(value, "contacts")
    names = {text_of(element, "from"), text_of(element, "from_user_id")} - {None}
    for contact in contacts:
        if {text_of(contact, "wa_id"), text_of(contact, "user_id")} & names:
            return contact
    return contacts[0] if len(contacts) == 1 else None


def _user_name(element: JSON, value: JSON) -> str | None:
    profile = object_of(_contact(element, value), "profile")
    return text_of(profile, "name") or text_of(profile, "username")


def _text(element: JSON, _: str) -> Content:
    return required_text(object_of(element, "text"), "body"), {}


def _media(element: JSON, type_name: str) -> Content:
    media = object_of(element, type_name)
    return text_of(media, "caption") or "", {"media": picked(media, _MEDIA)}


def _location(element: JSON, _: str) -> Content:
    return "", picked(object_of(element, "location"), ("latitude", "longitude", "name", "address", "url"))


def _contacts(element: JSON, _: str) -> Content:
    return "", {"contacts": list_of(element, "contacts")}


def _button(element: JSON, _: str) -> Content:
    button = object_of(element, "button")
    return text_of(button, "text") or text_of(button, "payload") or "", picked(button, ("payload",))


def _interactive(element: JSON, _: str) -> Content:
    interactive = object_of(element, "interactive")
    reply_type = text_of(interactive, "type") or ""
    reply = object_of(interactive, reply_type)
    attributes: dict[str, JSON] = {"interactive_type": reply_type, **picked(reply, ("id", "description"))}
    if reply_type == "nfm_reply":
        return _flow(reply, attributes)
    if reply_type == "call_permission_reply":
        attributes["call_permission"] = dict(reply)
        return "", attributes
    return text_of(reply, "title") or "", attributes


def _flow(reply: dict[str, JSON], attributes: dict[str, JSON]) -> Content:
    """A completed form: its answers as lines that an agent can read, without the token that only machines need."""
    answers = _flow_answers(reply)
    attributes["flow_response"] = answers
    lines = [text_of(reply, "body") or ""]
    if isinstance(answers, dict):
        lines += [f"{name}: {_as_text(answer)}" for name, answer in answers.items() if name != "flow_token"]
    return "\n".join(line for line in lines if line), attributes


def _flow_answers(reply: dict[str, JSON]) -> JSON:
    response = reply.get("response_json")
    if not isinstance(response, str):
        return response
    try:
        return storable(msgspec.json.decode(response))
    except (msgspec.DecodeError, RecursionError, Malformed):
        return response


def _as_text(answer: JSON) -> str:
    return answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()


def _order(element: JSON, _: str) -> Content:
    order = object_of(element, "order")
    return text_of(order, "text") or "", picked(order, ("catalog_id", "product_items"))


def _reaction(element: JSON, _: str) -> Content:
    reaction = object_of(element, "reaction")
    emoji = text_of(reaction, "emoji") or ""
    return emoji, picked(reaction, ("message_id",)) | ({} if emoji else {"is_removed": True})


def _edit(element: JSON, _: str) -> Content:
    edit = object_of(element, "edit")
    message = object_of(edit, "message")
    text = text_of(object_of(message, "text"), "body") or _caption(message)
    return text, picked(edit, ("original_message_id",))


def _caption(message: dict[str, JSON]) -> str:
    return text_of(object_of(message, text_of(message, "type") or ""), "caption") or ""


def _revoke(element: JSON, _: str) -> Content:
    return "", picked(object_of(element, "revoke"), ("original_message_id",))


def _system(element: JSON, _: str) -> Content:
    system = object_of(element, "system")
    return text_of(system, "body") or "", {"system": {name: fact for name, fact in system.items() if name != "body"}}


def _unsupported(element: JSON, _: str) -> Content:
    return "", picked(element, ("unsupported",))


def _unknown(element: JSON, type_name: str) -> Content:
    """A type from the future: its words, if they stand where words usually stand, and all of its facts."""
    content = object_of(element, type_name)
    text = text_of(content, "text") or text_of(content, "body") or text_of(content, "caption") or ""
    return text, {"type": type_name, "content": dict(content)}


_CONTENT: dict[MessageKind, Callable[[JSON, str], Content]] = {
    MessageKind.TEXT: _text,
    MessageKind.IMAGE: _media,
    MessageKind.AUDIO: _media,
    MessageKind.VIDEO: _media,
    MessageKind.DOCUMENT: _media,
    MessageKind.STICKER: _media,
    MessageKind.LOCATION: _location,
    MessageKind.CONTACTS: _contacts,
    MessageKind.BUTTON: _button,
    MessageKind.INTERACTIVE: _interactive,
    MessageKind.ORDER: _order,
    MessageKind.REACTION: _reaction,
    MessageKind.EDIT: _edit,
    MessageKind.REVOKE: _revoke,
    MessageKind.SYSTEM: _system,
    MessageKind.UNSUPPORTED: _unsupported,
}

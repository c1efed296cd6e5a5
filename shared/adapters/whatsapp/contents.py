"""What each type of WhatsApp message holds: the words an agent should read, the files, and the other facts.

Source: WhatsApp Business Platform, the pages "... messages webhook reference" of each type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from shared.adapters.provider_json import (
    Malformed,
    bounded_id,
    list_of,
    object_of,
    picked,
    required_text,
    storable,
    text_of,
)
from shared.adapters.provider_media import media_reference
from shared.domain.json_value import JSON
from shared.domain.media import MediaReference
from shared.domain.message import MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The part of a message that depends on its type."""

    text: str = ""
    attributes: dict[str, JSON] = field(default_factory=dict)
    media: tuple[MediaReference, ...] = ()


def read_content(kind: MessageKind, element: JSON, type_name: str) -> Content:
    """The content of an element of this type.

    Raises:
        Malformed: a text without words.
    """
    return _READERS.get(kind, _unknown)(element, type_name)


def _text(element: JSON, _: str) -> Content:
    return Content(text=required_text(object_of(element, "text"), "body"))


def _media(element: JSON, type_name: str) -> Content:
    file = object_of(element, type_name)
    return Content(
        text=text_of(file, "caption") or "", attributes=picked(file, ("animated",)), media=_files(file, type_name)
    )


def _files(file: dict[str, JSON], type_name: str) -> tuple[MediaReference, ...]:
    """The file, if it can be asked for at all."""
    found = media_reference(
        provider_id=_id_of(file, "id"),
        url=text_of(file, "url") or text_of(file, "link") or "",
        mime_type=text_of(file, "mime_type") or "",
        sha256=text_of(file, "sha256"),
        filename=text_of(file, "filename"),
        is_voice=file.get("voice") is True or type_name == "voice",
    )
    return () if found is None else (found,)


def _id_of(value: dict[str, JSON], name: str) -> str:
    found = value.get(name)
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else text_of(value, name) or ""


def _location(element: JSON, _: str) -> Content:
    facts = picked(object_of(element, "location"), ("latitude", "longitude", "name", "address", "url"))
    return Content(attributes=facts)


def _contacts(element: JSON, _: str) -> Content:
    return Content(attributes={"contacts": list_of(element, "contacts")})


def _button(element: JSON, _: str) -> Content:
    button = object_of(element, "button")
    text = text_of(button, "text") or text_of(button, "payload") or ""
    return Content(text=text, attributes=picked(button, ("payload",)))


def _interactive(element: JSON, _: str) -> Content:
    interactive = object_of(element, "interactive")
    reply_type = text_of(interactive, "type") or ""
    reply = object_of(interactive, reply_type)
    facts: dict[str, JSON] = {"interactive_type": reply_type, **picked(reply, ("id", "name", "description"))}
    if reply_type == "nfm_reply":
        return _form(reply, facts)
    if reply_type == "call_permission_reply":
        return Content(attributes={**facts, "call_permission": dict(reply)})
    if reply_type not in {"button_reply", "list_reply"}:
        # A type from the future: its words, if they stand where words usually stand, and all of its facts.
        facts["content"] = interactive
    text = text_of(reply, "title") or text_of(reply, "text") or text_of(object_of(interactive, "body"), "text")
    return Content(text=text or "", attributes=facts)


def _form(reply: dict[str, JSON], facts: dict[str, JSON]) -> Content:
    """A completed form: its answers as lines that an agent can read, without the token that only machines need."""
    answers = _form_answers(reply)
    lines = [text_of(reply, "body") or ""]
    if isinstance(answers, dict):
        lines += [f"{name}: {_as_text(answer)}" for name, answer in answers.items() if name != "flow_token"]
    text = "\n".join(line for line in lines if line)
    return Content(text=text, attributes={**facts, "flow_response": answers})


def _form_answers(reply: dict[str, JSON]) -> JSON:
    response = reply.get("response_json")
    if not isinstance(response, str):
        return response
    try:
        return storable(msgspec.json.decode(response))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, Malformed):
        return response


def _as_text(answer: JSON) -> str:
    return answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()


def _order(element: JSON, _: str) -> Content:
    order = object_of(element, "order")
    return Content(text=text_of(order, "text") or "", attributes=picked(order, ("catalog_id", "product_items")))


def _reaction(element: JSON, _: str) -> Content:
    reaction = object_of(element, "reaction")
    emoji = text_of(reaction, "emoji") or ""
    removed: dict[str, JSON] = {} if emoji else {"is_removed": True}
    return Content(text=emoji, attributes=picked(reaction, ("message_id",)) | removed)


def _edit(element: JSON, _: str) -> Content:
    """The new words; the files are those of the message as it was."""
    edit = object_of(element, "edit")
    message = object_of(edit, "message")
    new = object_of(message, text_of(message, "type") or "text")
    text = text_of(new, "body") or text_of(new, "caption") or ""
    return Content(text=text, attributes=_original(edit) | {"edited_type": text_of(message, "type")})


def _revoke(element: JSON, _: str) -> Content:
    return Content(attributes=_original(object_of(element, "revoke")))


def _original(change: dict[str, JSON]) -> dict[str, JSON]:
    original = text_of(change, "original_message_id")
    return {} if original is None else {"original_message_id": bounded_id(original)}


def _system(element: JSON, _: str) -> Content:
    system = object_of(element, "system")
    facts: dict[str, JSON] = {name: fact for name, fact in system.items() if name != "body"}
    return Content(text=text_of(system, "body") or "", attributes={"system": facts})


def _unsupported(element: JSON, _: str) -> Content:
    return Content(attributes=picked(element, ("unsupported",)))


def _unknown(element: JSON, type_name: str) -> Content:
    """A type from the future: its words, if they stand where words usually stand, its file, and all of its facts."""
    content = object_of(element, type_name)
    text = text_of(content, "text") or text_of(content, "body") or text_of(content, "caption") or ""
    is_file = text_of(content, "mime_type") is not None
    return Content(
        text=text,
        attributes={"type": type_name, "content": dict(content)},
        media=_files(content, type_name) if is_file else (),
    )


_READERS: dict[MessageKind, Callable[[JSON, str], Content]] = {
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

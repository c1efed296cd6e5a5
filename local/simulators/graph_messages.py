"""Checks an outgoing WhatsApp message as the Graph API does, before it is accepted.

Source: WhatsApp Business Platform, "Messages API", limits of each message type, and "Business-scoped user IDs".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.interactive_messages import interactive_refusal
from local.simulators.templates import Templates

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_CALLBACK_DATA = 512
INVALID = 100
NO_PHONE_FOR_AUTHENTICATION = 131062
MEDIA_TYPES = frozenset({"image", "audio", "video", "document", "sticker"})
WITHOUT_CAPTION = frozenset({"audio", "sticker"})

Refusal = tuple[int, str]
"""Meta's number and the details in words."""


def refusal(message: object, templates: Templates) -> Refusal | None:
    """What is wrong with the message; None when it can be accepted."""
    if not isinstance(message, dict):
        return INVALID, "The body must be a JSON object."
    if message.get("messaging_product") != "whatsapp":
        return INVALID, "The parameter messaging_product is required."
    if message.get("status") == "read":
        return None if message.get("message_id") else (INVALID, "The parameter message_id is required.")
    wrong = _envelope_refusal(message)
    if wrong is not None:
        return INVALID, wrong
    kind = str(message.get("type", "text"))
    if kind == "template":
        return _template_refusal(message, templates)
    wrong = _content_refusal(kind, message[kind])
    return None if wrong is None else (INVALID, wrong)


def _envelope_refusal(message: dict[str, Any]) -> str | None:
    if not message.get("to") and not message.get("recipient"):
        return "The parameter to is required."
    if message.get("recipient_type", "individual") not in {"individual", "group"}:
        return "recipient_type must be individual or group."
    context = message.get("context")
    if context is not None and not (isinstance(context, dict) and isinstance(context.get("message_id"), str)):
        return "context.message_id is required."
    if len(str(message.get("biz_opaque_callback_data", ""))) > LONGEST_CALLBACK_DATA:
        return f"biz_opaque_callback_data must have at most {LONGEST_CALLBACK_DATA} characters."
    kind = message.get("type", "text")
    content = message.get(kind) if isinstance(kind, str) else None
    is_right = isinstance(content, list if kind == "contacts" else dict) and bool(content)
    return None if is_right else f"The parameter {kind} is required."


def _template_refusal(message: dict[str, Any], templates: Templates) -> Refusal | None:
    content = message["template"]
    language = content.get("language")
    if not content.get("name") or not isinstance(language, dict) or not language.get("code"):
        return INVALID, "template.name and template.language.code are required."
    if not message.get("to") and templates.category(content["name"]) == "authentication":
        return NO_PHONE_FOR_AUTHENTICATION, "Authentication templates need a phone number."
    return templates.meta_refusal(content)


def _content_refusal(kind: str, content: Any) -> str | None:
    if kind in MEDIA_TYPES:
        return _media_refusal(kind, content)
    checks: dict[str, Callable[[Any], str | None]] = {
        "text": _text_refusal,
        "interactive": interactive_refusal,
        "location": _location_refusal,
        "reaction": _reaction_refusal,
        "contacts": _contacts_refusal,
    }
    check = checks.get(kind)
    return f"Unsupported message type {kind}." if check is None else check(content)


def _text_refusal(content: dict[str, Any]) -> str | None:
    body = content.get("body")
    is_right = isinstance(body, str) and 0 < len(body) <= LONGEST_TEXT
    return None if is_right else f"text.body must have 1 to {LONGEST_TEXT} characters."


def _media_refusal(kind: str, content: dict[str, Any]) -> str | None:
    if bool(content.get("id")) == bool(content.get("link")):
        return f"Either {kind}.id or {kind}.link is required."
    caption = content.get("caption", "")
    if caption and (kind in WITHOUT_CAPTION or not isinstance(caption, str) or len(caption) > LONGEST_CAPTION):
        return f"{kind} takes no such caption."
    if "filename" in content and kind != "document":
        return "Only a document has a filename."
    if "voice" in content and (kind != "audio" or not isinstance(content["voice"], bool)):
        return "voice is a boolean of audio."
    return None


def _location_refusal(content: dict[str, Any]) -> str | None:
    is_right = all(isinstance(content.get(name), int | float | str) for name in ("latitude", "longitude"))
    return None if is_right else "location.latitude and location.longitude are required."


def _reaction_refusal(content: dict[str, Any]) -> str | None:
    is_right = bool(content.get("message_id")) and isinstance(content.get("emoji"), str)
    return None if is_right else "reaction.message_id and reaction.emoji are required."


def _contacts_refusal(contacts: list[Any]) -> str | None:
    names = [contact.get("name") for contact in contacts if isinstance(contact, dict)]
    are_named = [isinstance(name, dict) and bool(name.get("formatted_name")) for name in names]
    is_right = len(names) == len(contacts) and all(are_named)
    return None if is_right else "contacts[].name.formatted_name is required."

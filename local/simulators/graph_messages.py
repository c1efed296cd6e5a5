"""Checks an outgoing WhatsApp message as the Graph API does, before it is accepted.

Source: WhatsApp Business Platform, "Messages API", limits of each message type.
"""

from __future__ import annotations

LONGEST_TEXT = 4096
LONGEST_INTERACTIVE_BODY = 1024
MOST_BUTTONS = 3
LONGEST_BUTTON_TITLE = 20
MOST_LIST_ROWS = 10
MEDIA_TYPES = frozenset({"image", "audio", "video", "document", "sticker"})
OTHER_TYPES = frozenset({"location", "contacts", "reaction"})


def refusal(message: object) -> str | None:
    """What is wrong with the message, in words; None when it can be accepted."""
    if not isinstance(message, dict):
        return "The body must be a JSON object."
    if message.get("messaging_product") != "whatsapp":
        return "The parameter messaging_product is required."
    if message.get("status") == "read":
        return None if message.get("message_id") else "The parameter message_id is required."
    if not message.get("to") and not message.get("recipient"):
        return "The parameter to is required."
    kind = message.get("type", "text")
    content = message.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict | list) or not content:
        return f"The parameter {kind} is required."
    return _content_refusal(str(kind), content)


def _content_refusal(kind: str, content: dict[str, object] | list[object]) -> str | None:
    if kind in OTHER_TYPES:
        return None
    if isinstance(content, list):
        return f"{kind} must be an object."
    if kind == "text":
        body = content.get("body")
        is_right = isinstance(body, str) and 0 < len(body) <= LONGEST_TEXT
        return None if is_right else f"text.body must have 1 to {LONGEST_TEXT} characters."
    if kind == "template":
        language = content.get("language")
        is_complete = bool(content.get("name")) and isinstance(language, dict) and bool(language.get("code"))
        return None if is_complete else "template.name and template.language.code are required."
    if kind == "interactive":
        return _interactive_refusal(content)
    if kind in MEDIA_TYPES:
        return None if content.get("id") or content.get("link") else f"{kind}.id or {kind}.link is required."
    return f"Unsupported message type {kind}."


def _interactive_refusal(content: dict[str, object]) -> str | None:
    body = content.get("body")
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_INTERACTIVE_BODY:
        return f"interactive.body.text must have 1 to {LONGEST_INTERACTIVE_BODY} characters."
    action = content.get("action")
    if not isinstance(action, dict):
        return "interactive.action is required."
    if content.get("type") == "button":
        titles = [button.get("reply", {}).get("title", "") for button in _objects(action.get("buttons"))]
        is_right = 1 <= len(titles) <= MOST_BUTTONS and all(0 < len(title) <= LONGEST_BUTTON_TITLE for title in titles)
        return None if is_right else f"1 to {MOST_BUTTONS} buttons of 1 to {LONGEST_BUTTON_TITLE} characters each."
    rows = [row for section in _objects(action.get("sections")) for row in _objects(section.get("rows"))]
    if content.get("type") == "list" and not 1 <= len(rows) <= MOST_LIST_ROWS:
        return f"A list needs 1 to {MOST_LIST_ROWS} rows."
    return None


def _objects(value: object) -> list[dict[str, dict[str, str]]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []

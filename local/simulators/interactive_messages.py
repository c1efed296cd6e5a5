"""Checks the interactive messages (buttons, lists, links) that the Graph API takes.

Source: WhatsApp Business Platform, "Interactive reply buttons messages", "Interactive list messages",
"Interactive Call-to-Action URL button messages".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST_BODY = 1024
LONGEST_HEADER_OR_FOOTER = 60
MOST_BUTTONS = 3
LONGEST_BUTTON = 20
LONGEST_BUTTON_ID = 256
MOST_ROWS = 10
LONGEST_SECTION_TITLE = 24
LONGEST_ROW_TITLE = 24
LONGEST_ROW_ID = 200
LONGEST_ROW_DESCRIPTION = 72


def interactive_refusal(content: dict[str, Any]) -> str | None:
    """What is wrong with an interactive message, in words; None when it can be accepted."""
    body = content.get("body")
    if not _is_text(body.get("text") if isinstance(body, dict) else None, LONGEST_BODY):
        return f"interactive.body.text must have 1 to {LONGEST_BODY} characters."
    for name in ("header", "footer"):
        part = content.get(name)
        text = part.get("text", "-") if isinstance(part, dict) else "-"
        if not _is_text(text, LONGEST_HEADER_OR_FOOTER):
            return f"interactive.{name}.text must have 1 to {LONGEST_HEADER_OR_FOOTER} characters."
    action = content.get("action")
    if not isinstance(action, dict):
        return "interactive.action is required."
    kind = content.get("type")
    if kind == "button":
        return _buttons_refusal(_objects(action.get("buttons")))
    if kind == "list":
        return _list_refusal(action)
    return None if isinstance(kind, str) and kind else "interactive.type is required."


def _buttons_refusal(buttons: Sequence[dict[str, Any]]) -> str | None:
    replies = [button.get("reply") if button.get("type") == "reply" else None for button in buttons]
    known = [reply for reply in replies if isinstance(reply, dict)]
    if len(known) != len(buttons) or not 1 <= len(known) <= MOST_BUTTONS:
        return f"1 to {MOST_BUTTONS} reply buttons are required."
    if not all(_is_text(reply.get("title"), LONGEST_BUTTON) for reply in known):
        return f"A button's title must have 1 to {LONGEST_BUTTON} characters."
    return _ids_refusal(known, LONGEST_BUTTON_ID) or (
        None if len({reply["title"] for reply in known}) == len(known) else "Titles of buttons must differ."
    )


def _list_refusal(action: dict[str, Any]) -> str | None:
    if not _is_text(action.get("button"), LONGEST_BUTTON):
        return f"action.button must have 1 to {LONGEST_BUTTON} characters."
    sections = _objects(action.get("sections"))
    if len(sections) > 1 and not all(_is_text(each.get("title"), LONGEST_SECTION_TITLE) for each in sections):
        return f"With several sections each needs a title of 1 to {LONGEST_SECTION_TITLE} characters."
    rows = [row for section in sections for row in _objects(section.get("rows"))]
    if not 1 <= len(rows) <= MOST_ROWS:
        return f"A list needs 1 to {MOST_ROWS} rows."
    if not all(_is_text(row.get("title"), LONGEST_ROW_TITLE) for row in rows):
        return f"A row's title must have 1 to {LONGEST_ROW_TITLE} characters."
    if not all(_is_text(row.get("description", "-"), LONGEST_ROW_DESCRIPTION) for row in rows):
        return f"A row's description must have 1 to {LONGEST_ROW_DESCRIPTION} characters."
    return _ids_refusal(rows, LONGEST_ROW_ID)


def _ids_refusal(options: Sequence[dict[str, Any]], longest: int) -> str | None:
    ids = [option.get("id") for option in options]
    is_right = all(_is_text(each, longest) for each in ids) and len(set(ids)) == len(ids)
    return None if is_right else f"Each option needs an id of its own of 1 to {longest} characters."


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []

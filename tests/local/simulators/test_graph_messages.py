"""Messages are refused or accepted as the Graph API would."""

from __future__ import annotations

from typing import Any

import pytest

from local.simulators.graph_messages import refusal
from local.simulators.templates import Template, Templates

LONG = "x" * 5000


def message(**parts: Any) -> dict[str, Any]:
    """A message to somebody."""
    return {"messaging_product": "whatsapp", "to": "919845012345", **parts}


def buttons(*titles: str) -> dict[str, Any]:
    """Reply buttons with these titles."""
    replies = [{"type": "reply", "reply": {"id": f"b{n}", "title": title}} for n, title in enumerate(titles)]
    return {"type": "button", "body": {"text": "Choose"}, "action": {"buttons": replies}}


def rows(count: int, **more: Any) -> dict[str, Any]:
    """A list with so many rows."""
    listed = [{"id": f"r{n}", "title": f"Row {n}", **more} for n in range(count)]
    return {"type": "list", "body": {"text": "Choose"}, "action": {"button": "Open", "sections": [{"rows": listed}]}}


def template(*values: str, name: str = "reminder", language: str = "en") -> dict[str, Any]:
    """A template message whose body takes these values."""
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}] if values else []
    return {"name": name, "language": {"code": language}, "components": components}


@pytest.mark.parametrize(
    "parts",
    [
        {"type": "text", "text": {"body": "Hello"}, "context": {"message_id": "wamid.1"}},
        {"type": "interactive", "interactive": buttons("Yes", "No", "Later")},
        {"type": "interactive", "interactive": rows(10, description="More")},
        {"type": "image", "image": {"id": "1", "caption": "A picture"}},
        {"type": "audio", "audio": {"id": "1", "voice": True}},
        {"type": "document", "document": {"link": "https://example.com/a.pdf", "filename": "a.pdf"}},
        {"type": "location", "location": {"latitude": 12.9, "longitude": 77.5}},
        {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": ""}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Asha"}}]},
        {"type": "template", "template": template("Monday")},
        {"recipient_type": "group", "to": "Y2FwaV9ncm91cA", "type": "text", "text": {"body": "All of you"}},
    ],
)
def test_what_the_documentation_shows_is_accepted(parts: dict[str, Any]) -> None:
    assert refusal(message(**parts), Templates()) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"type": "text", "text": {"body": LONG}},
        {"type": "text", "text": {"body": "Hello"}, "context": {"id": "wamid.1"}},
        {"type": "text", "text": {"body": "Hello"}, "recipient_type": "crowd"},
        {"type": "text", "text": {"body": "Hello"}, "biz_opaque_callback_data": LONG},
        {"type": "interactive", "interactive": buttons()},
        {"type": "interactive", "interactive": buttons("1", "2", "3", "4")},
        {"type": "interactive", "interactive": buttons("Yes", "Yes")},
        {"type": "interactive", "interactive": buttons("a title of 21 letters")},
        {"type": "interactive", "interactive": {**buttons("Yes"), "body": {"text": "x" * 1025}}},
        {"type": "interactive", "interactive": {**buttons("Yes"), "footer": {"text": "x" * 61}}},
        {"type": "interactive", "interactive": rows(0)},
        {"type": "interactive", "interactive": rows(11)},
        {"type": "interactive", "interactive": rows(1, title="x" * 25)},
        {"type": "interactive", "interactive": rows(1, description="x" * 73)},
        {"type": "interactive", "interactive": rows(2, id="same")},
        {"type": "image", "image": {"id": "1", "link": "https://example.com/a.png"}},
        {"type": "audio", "audio": {"id": "1", "caption": "No captions here"}},
        {"type": "image", "image": {"id": "1", "filename": "a.png"}},
        {"type": "location", "location": {"latitude": 12.9}},
        {"type": "reaction", "reaction": {"emoji": "x"}},
        {"type": "contacts", "contacts": [{"phones": []}]},
        {"type": "template", "template": {"name": "reminder"}},
    ],
)
def test_what_is_beyond_metas_limits_is_an_invalid_parameter(parts: dict[str, Any]) -> None:
    refused = refusal(message(**parts), Templates())

    assert refused is not None
    assert refused[0] == 100


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (template("Monday", "9 am"), None),
        (template("Monday"), 132000),
        (template("Monday", "9 am", "10 am"), 132000),
        (template("Monday", "9 am", name="unheard_of"), 132001),
        (template("Monday", "9 am", language="ta"), 132001),
    ],
)
def test_approved_templates_are_held_to_their_variables_and_languages(
    content: dict[str, Any], code: int | None
) -> None:
    templates = Templates()
    templates.approve("reminder", Template(languages=("en", "hi"), body=2))

    refused = refusal(message(type="template", template=content), templates)

    assert (None if refused is None else refused[0]) == code


def test_authentication_template_needs_a_phone_number() -> None:
    templates = Templates()
    templates.approve("code", Template(category="authentication", body=1))
    to_a_hidden_number = {"messaging_product": "whatsapp", "recipient": "IN.1A2B", "type": "template"}

    refused = refusal({**to_a_hidden_number, "template": template("1234", name="code")}, templates)

    assert refused is not None
    assert refused[0] == 131062

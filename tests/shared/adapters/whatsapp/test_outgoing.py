"""Every content as the Graph API takes it; each is checked against the simulator's reading of Meta's rules too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from local.simulators.graph_messages import refusal
from local.simulators.templates import Templates
from shared.adapters.whatsapp.outgoing import envelope_of, written
from shared.domain.content import (
    ButtonAction,
    Choices,
    Content,
    FileContent,
    FileKind,
    Location,
    Menu,
    MessageTemplate,
    Option,
    Reaction,
    Section,
    TemplateButton,
    TextContent,
)
from shared.domain.json_value import JSON
from shared.domain.message import Recipient

RECIPIENT = Recipient(
    channel="whatsapp", user_id="919812345678", business_id="12345", delivery_id="d-1", reply_to="wamid.in"
)
LINK = "https://files.example/a"
OPTIONS = (Option(id="y", title="Yes"), Option(id="n", title="No", description="Not now"))
BODY: dict[str, JSON] = {"text": "Now?"}

CASES: dict[str, tuple[Content, dict[str, JSON]]] = {
    "text": (TextContent(text="Hi"), {"type": "text", "text": {"preview_url": False, "body": "Hi"}}),
    "choices": (
        Choices(text="Now?", options=OPTIONS, header="Lotus", footer="Tap one"),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "header": {"type": "text", "text": "Lotus"},
                "body": BODY,
                "footer": {"text": "Tap one"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
                        {"type": "reply", "reply": {"id": "n", "title": "No"}},
                    ]
                },
            },
        },
    ),
    "menu": (
        Menu(text="Now?", button="Answers", sections=(Section(title="All", options=OPTIONS),)),
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "body": BODY,
                "action": {
                    "button": "Answers",
                    "sections": [
                        {
                            "title": "All",
                            "rows": [
                                {"id": "y", "title": "Yes"},
                                {"id": "n", "title": "No", "description": "Not now"},
                            ],
                        }
                    ],
                },
            },
        },
    ),
    "image": (
        FileContent(file_kind=FileKind.IMAGE, link=LINK, caption="Way", filename="a.png"),
        {"type": "image", "image": {"link": LINK, "caption": "Way"}},
    ),
    "document": (
        FileContent(file_kind=FileKind.DOCUMENT, link=LINK, filename="a.pdf"),
        {"type": "document", "document": {"link": LINK, "filename": "a.pdf"}},
    ),
    "audio": (FileContent(file_kind=FileKind.AUDIO, link=LINK), {"type": "audio", "audio": {"link": LINK}}),
    "voice": (
        FileContent(file_kind=FileKind.VOICE, link=LINK),
        {"type": "audio", "audio": {"link": LINK, "voice": True}},
    ),
    "video": (FileContent(file_kind=FileKind.VIDEO, link=LINK), {"type": "video", "video": {"link": LINK}}),
    "sticker": (FileContent(file_kind=FileKind.STICKER, link=LINK), {"type": "sticker", "sticker": {"link": LINK}}),
    "location": (
        Location(latitude=12.97, longitude=77.59, name="Lotus"),
        {"type": "location", "location": {"latitude": 12.97, "longitude": 77.59, "name": "Lotus"}},
    ),
    "reaction": (
        Reaction(message_id="wamid.1", emoji="👍"),
        {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}},
    ),
    "reaction taken away": (
        Reaction(message_id="wamid.1", emoji=""),
        {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": ""}},
    ),
    "template": (
        MessageTemplate(
            name="order",
            language="hi",
            variables=("Asha",),
            header_file=FileContent(file_kind=FileKind.IMAGE, link=LINK),
            buttons=(
                TemplateButton(index=0, action=ButtonAction.URL, value="o-1"),
                TemplateButton(index=1, action=ButtonAction.QUICK_REPLY, value="stop"),
                TemplateButton(index=2, action=ButtonAction.COPY_CODE, value="SAVE5"),
            ),
        ),
        {
            "type": "template",
            "template": {
                "name": "order",
                "language": {"code": "hi"},
                "components": [
                    {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
                    {"type": "body", "parameters": [{"type": "text", "text": "Asha"}]},
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "0",
                        "parameters": [{"type": "text", "text": "o-1"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "1",
                        "parameters": [{"type": "payload", "payload": "stop"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "copy_code",
                        "index": "2",
                        "parameters": [{"type": "coupon_code", "coupon_code": "SAVE5"}],
                    },
                ],
            },
        },
    ),
    "template with a header": (
        MessageTemplate(name="order", header="Today"),
        {
            "type": "template",
            "template": {
                "name": "order",
                "language": {"code": "en"},
                "components": [{"type": "header", "parameters": [{"type": "text", "text": "Today"}]}],
            },
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_content_is_written_as_meta_documents_it(case: str) -> None:
    content, expected = CASES[case]

    assert written(content) == expected


@pytest.mark.parametrize("case", CASES)
def test_the_whole_message_is_one_that_meta_takes(case: str) -> None:
    content, _ = CASES[case]

    assert refusal({**envelope_of(RECIPIENT), **written(content)}, Templates()) is None


@pytest.mark.parametrize("kind", list(FileKind))
def test_an_uploaded_file_is_named_by_its_id(kind: FileKind) -> None:
    fields = written(FileContent(file_kind=kind, key="media/x"), "987")

    name = "audio" if kind is FileKind.VOICE else kind.value
    named = fields[name]
    assert isinstance(named, dict)
    assert (named["id"], "link" in named) == ("987", False)


def test_a_reply_quotes_only_when_it_is_to() -> None:
    assert "context" not in envelope_of(RECIPIENT)
    assert envelope_of(replace(RECIPIENT, is_quoting=True))["context"] == {"message_id": "wamid.in"}
    assert "context" not in envelope_of(replace(RECIPIENT, is_quoting=True, reply_to=None))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, {"recipient_type": "individual", "to": "919812345678"}),
        ({"user_id": "IN.ABC42"}, {"recipient_type": "individual", "recipient": "IN.ABC42"}),
        ({"user_id": "919812345678", "address": "IN.ENT.42"}, {"recipient": "IN.ENT.42"}),
        ({"user_id": "IN.42", "address": "919812345678"}, {"to": "919812345678"}),
        ({"group_id": "Y2FwaV9ncm91cDox"}, {"recipient_type": "group", "to": "Y2FwaV9ncm91cDox"}),
    ],
)
def test_the_receiver_is_named_as_meta_delivers_to_it(change: dict[str, Any], named: dict[str, str]) -> None:
    envelope = envelope_of(replace(RECIPIENT, **change))

    assert named.items() <= envelope.items()
    assert ("to" in envelope) != ("recipient" in envelope)
    assert envelope["biz_opaque_callback_data"] == "d-1"

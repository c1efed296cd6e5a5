"""What each type of WhatsApp message holds."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.provider_json import Malformed
from shared.adapters.whatsapp.contents import Content, read_content
from shared.domain.media import MediaReference
from shared.domain.message import MessageKind

FILE = {"id": "m1", "mime_type": "audio/ogg; codecs=opus", "sha256": "c2hh", "url": "https://files.example/m1"}


def content(kind: MessageKind, value: object, *, type_name: str | None = None) -> Content:
    name = type_name or kind.value
    return read_content(kind, {"type": name, name: value}, name)


def interactive(reply_type: str, reply: object) -> Content:
    return content(MessageKind.INTERACTIVE, {"type": reply_type, reply_type: reply})


@pytest.mark.parametrize(
    ("type_name", "marks", "is_voice"),
    [
        ("audio", {"voice": True}, True),
        ("audio", {"voice": False}, False),
        ("audio", {}, False),
        ("audio", {"voice": "yes"}, False),
        ("voice", {}, True),
    ],
)
def test_a_voice_note_is_told_from_a_sound_file(type_name: str, marks: dict[str, object], *, is_voice: bool) -> None:
    (file,) = content(MessageKind.AUDIO, {**FILE, **marks}, type_name=type_name).media

    assert file.is_voice is is_voice


def test_a_file_keeps_all_that_is_needed_to_fetch_and_check_it() -> None:
    read = content(MessageKind.DOCUMENT, {**FILE, "filename": "report.pdf", "caption": "My report"})

    assert read.text == "My report"
    assert read.media == (
        MediaReference(
            provider_id="m1",
            url="https://files.example/m1",
            mime_type="audio/ogg; codecs=opus",
            sha256="c2hh",
            filename="report.pdf",
        ),
    )


@pytest.mark.parametrize("file", [{}, {"id": ""}, {"url": "javascript:alert(1)"}, {"id": "m" * 5000}, "text", None])
def test_a_file_that_cannot_be_asked_for_is_no_file(file: object) -> None:
    assert content(MessageKind.IMAGE, file).media == ()


def test_the_extension_of_an_endless_file_name_is_kept() -> None:
    (file,) = content(MessageKind.DOCUMENT, {**FILE, "filename": "x" * 9000 + ".pdf"}).media

    assert file.filename is not None
    assert file.filename.endswith("x.pdf")
    assert len(file.filename) == 200


def test_an_animated_sticker_is_marked() -> None:
    assert content(MessageKind.STICKER, {**FILE, "animated": True}).attributes == {"animated": True}


@pytest.mark.parametrize("text", [None, {}, {"body": ""}, {"body": "  "}, {"body": 5}, "Hello"])
def test_a_text_without_words_is_malformed(text: object) -> None:
    with pytest.raises(Malformed):
        content(MessageKind.TEXT, text)


@pytest.mark.parametrize(
    ("reply_type", "reply", "text"),
    [
        ("button_reply", {"id": "b", "title": "Book"}, "Book"),
        ("list_reply", {"id": "r", "title": "9 am", "description": "Dr Rao"}, "9 am"),
        (
            "nfm_reply",
            {"name": "flow", "body": "Sent", "response_json": '{"flow_token":"t","day":"Mon"}'},
            "Sent\nday: Mon",
        ),
        (
            "nfm_reply",
            {"name": "address_message", "body": "Asha\\nMG Road", "response_json": '{"values":{"pin":"560001"}}'},
            'Asha\\nMG Road\nvalues: {"pin":"560001"}',
        ),
        ("nfm_reply", {"body": "Sent", "response_json": "[["}, "Sent"),
        ("nfm_reply", {"body": "Sent", "response_json": {"day": "Mon"}}, "Sent\nday: Mon"),
        ("nfm_reply", {"response_json": "7"}, ""),
        ("call_permission_reply", {"response": "accept", "is_permanent": False}, ""),
        ("hologram_reply", {"title": "Wave"}, "Wave"),
        ("product", {"product_retailer_id": "sku-1"}, ""),
        ("", {}, ""),
    ],
)
def test_every_interactive_reply_has_its_words(reply_type: str, reply: object, text: str) -> None:
    read = interactive(reply_type, reply)

    assert read.text == text
    assert read.attributes["interactive_type"] == reply_type


def test_what_an_unknown_interactive_reply_holds_is_kept() -> None:
    read = interactive("hologram_reply", {"title": "Wave", "depth": 3})

    assert read.attributes["content"] == {"type": "hologram_reply", "hologram_reply": {"title": "Wave", "depth": 3}}


def test_a_permission_to_call_is_kept_whole() -> None:
    read = interactive("call_permission_reply", {"response": "reject", "response_source": "user_action"})

    assert read.attributes["call_permission"] == {"response": "reject", "response_source": "user_action"}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"type": "text", "text": {"body": "Better"}}, "Better"),
        ({"type": "image", "image": {"id": "m", "caption": "New words"}}, "New words"),
        ({"text": {"body": "No type"}}, "No type"),
        (None, ""),
    ],
)
def test_an_edit_has_the_new_words_and_the_id_of_the_old_ones(message: object, text: str) -> None:
    read = content(MessageKind.EDIT, {"original_message_id": "wamid.1", "message": message})

    assert read.text == text
    assert read.attributes["original_message_id"] == "wamid.1"


def test_a_revoked_message_is_named() -> None:
    assert content(MessageKind.REVOKE, {"original_message_id": "wamid.1"}).attributes == {
        "original_message_id": "wamid.1"
    }


def test_an_order_keeps_its_items() -> None:
    items = [{"product_retailer_id": "sku-1", "quantity": 2, "item_price": 90, "currency": "INR"}]

    read = content(MessageKind.ORDER, {"catalog_id": "c", "text": "Soon please", "product_items": items})

    assert read == Content(text="Soon please", attributes={"catalog_id": "c", "product_items": items})


@pytest.mark.parametrize(
    ("type_name", "value", "text", "files"),
    [
        ("poll_creation", {"name": "Lunch?", "options": ["A", "B"]}, "", 0),
        ("request_welcome", None, "", 0),
        ("ephemeral", {"body": "Gone soon"}, "Gone soon", 0),
        ("video_note", {**FILE, "caption": "Look"}, "Look", 1),
    ],
)
def test_a_type_from_the_future_keeps_its_words_its_file_and_its_facts(
    type_name: str, value: Any, text: str, files: int
) -> None:
    read = content(MessageKind.UNKNOWN, value, type_name=type_name)

    assert (read.text, len(read.media)) == (text, files)
    assert read.attributes == {"type": type_name, "content": value or {}}

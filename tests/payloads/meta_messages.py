"""Everything that a WhatsApp user can send, as Meta posts it."""

from __future__ import annotations

import json
from typing import Any

from tests.payloads import shapes
from tests.payloads.shapes import (
    NAME,
    NEW_ID,
    NEW_PHONE,
    OTHER_ID,
    OTHER_PHONE,
    PARENT_ID,
    PHONE,
    USER_ID,
    WORDS,
    change,
    contact,
    envelope,
    message,
    post,
    text,
    value,
    wamid,
)
from tests.provider_requests import META_PATH

FAMILY = shapes.Family(META_PATH)
_FILE = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "3f9d94d399af6bf2d7d1b1ca6dcbd1bd5a2b3f2cf1"}
_URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1003383421387256&ext=1772452900&hash=ARb"
_REFERRAL = {
    "source_url": "https://fb.me/3cr4Wqqkv",
    "source_id": "120226305854810726",
    "source_type": "ad",
    "headline": "Check-ups",
    "body": WORDS,
    "media_type": "image",
    "image_url": "https://scontent.xx.fbcdn.net/v/t45",
    "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4",
    "welcome_message": {"text": "Hello"},
}


def _one(name: str, element: object) -> None:
    FAMILY.add(name, post(element), messages=1)


def _interactive(reply_type: str, reply: object) -> dict[str, object]:
    return message(
        "interactive", {"type": reply_type, reply_type: reply}, context={"from": "15551234567", "id": wamid()}
    )


def _system(**system: object) -> dict[str, object]:
    return envelope(change(value(messages=[message("system", {"body": f"User {WORDS} changed", **system})])))


def _plain() -> None:
    _one("text", text())
    _one("text with an emoji and several scripts", text(f"{WORDS} 🙏 नमस्ते வணக்கம் \u200f"))
    _one("text at its longest", text(f"{WORDS} " + "x" * 4000))
    _one("text with half a surrogate pair", text(f"{WORDS} \ud83d"))
    _one("text with a NUL", text(f"{WORDS} \x00 end"))
    _one("text in reply", text(context={"from": "15551234567", "id": wamid()}))
    _one("text forwarded", text(context={"forwarded": True}))
    _one("text forwarded often", text(context={"frequently_forwarded": True}))
    _one(
        "text about a product",
        text(
            context={
                "from": "15551234567",
                "id": wamid(),
                "referred_product": {"catalog_id": "194836987003835", "product_retailer_id": "di9ozbzfi4"},
            }
        ),
    )
    _one("text from an advertisement", text(referral=_REFERRAL))
    _one("text from a post", text(referral={**_REFERRAL, "source_type": "post", "media_type": "video"}))
    _one("text with a link preview", message("text", {"body": f"{WORDS} https://clinic.example", "preview_url": True}))
    _one(
        "text with an identity hash",
        text(identity={"acknowledged": True, "created_timestamp": "1602532300", "hash": "Sjvjlx8G6Z0="}),
    )


def _files() -> None:
    _one("image", message("image", _FILE))
    _one("image with a caption and an address", message("image", {**_FILE, "caption": WORDS, "url": _URL}))
    _one("voice note", message("audio", {**_FILE, "mime_type": "audio/ogg; codecs=opus", "voice": True, "url": _URL}))
    _one("sound file", message("audio", {**_FILE, "mime_type": "audio/mpeg", "voice": False}))
    _one("voice note of the old form", message("voice", {**_FILE, "mime_type": "audio/ogg; codecs=opus"}))
    _one("video", message("video", {**_FILE, "mime_type": "video/mp4", "caption": WORDS}))
    _one("document", message("document", {**_FILE, "mime_type": "application/pdf", "filename": "report.pdf"}))
    _one(
        "document with a caption",
        message("document", {**_FILE, "mime_type": "text/plain", "filename": "a.txt", "caption": WORDS}),
    )
    _one("sticker", message("sticker", {**_FILE, "mime_type": "image/webp", "animated": False}))
    _one("animated sticker", message("sticker", {**_FILE, "mime_type": "image/webp", "animated": True}))
    _one(
        "image with an error instead of a file",
        message("image", {}, errors=[{"code": 131052, "title": "Media download error"}]),
    )


def _facts() -> None:
    _one(
        "place with a name",
        message(
            "location",
            {
                "latitude": 12.9716,
                "longitude": 77.5946,
                "name": WORDS,
                "address": "12 MG Road",
                "url": "https://clinic.example",
            },
        ),
    )
    _one("place without a name", message("location", {"latitude": -33.44, "longitude": 151.2}))
    _one(
        "cards of two people",
        message(
            "contacts",
            [
                {
                    "name": {"formatted_name": NAME, "first_name": "Devi"},
                    "phones": [{"phone": f"+{OTHER_PHONE}", "wa_id": OTHER_PHONE, "type": "CELL"}],
                },
                {
                    "name": {"formatted_name": WORDS},
                    "org": {"company": "Clinic"},
                    "birthday": "1990-01-01",
                    "addresses": [{"city": "Pune"}],
                },
            ],
        ),
    )
    _one(
        "card of a user without phone",
        message("contacts", [{"name": {"formatted_name": NAME}, "phones": [], "user_id": OTHER_ID}]),
    )
    _one(
        "order",
        message(
            "order",
            {
                "catalog_id": "194836987003835",
                "text": WORDS,
                "product_items": [
                    {"product_retailer_id": "sku-1", "quantity": 2, "item_price": 90.5, "currency": "INR"}
                ],
            },
        ),
    )
    _one("reaction", message("reaction", {"message_id": wamid(), "emoji": "\U0001f44d"}))
    _one("reaction removed", message("reaction", {"message_id": wamid(), "emoji": ""}))
    _one("reaction removed, without the field", message("reaction", {"message_id": wamid()}))
    _one(
        "edit of a text",
        message(
            "edit",
            {
                "original_message_id": wamid(),
                "message": {"context": {"id": "M0"}, "type": "text", "text": {"body": WORDS}},
            },
        ),
    )
    _one(
        "edit of a caption",
        message(
            "edit",
            {
                "original_message_id": wamid(),
                "message": {"type": "image", "image": {**_FILE, "caption": WORDS}},
            },
        ),
    )
    _one("revoke", message("revoke", {"original_message_id": wamid()}))


def _replies() -> None:
    _one("quick reply of a template", message("button", {"text": WORDS, "payload": "YES"}, context={"id": wamid()}))
    _one("quick reply with a payload alone", message("button", {"payload": WORDS}))
    _one("button pressed", _interactive("button_reply", {"id": "b-1", "title": WORDS}))
    _one("row chosen", _interactive("list_reply", {"id": "r-1", "title": WORDS, "description": "Dr Rao"}))
    _one(
        "form filled in",
        _interactive(
            "nfm_reply",
            {
                "name": "flow",
                "body": "Sent",
                "response_json": json.dumps({"flow_token": "t", "day": WORDS, "seats": 2}),
            },
        ),
    )
    _one(
        "form with an answer that is no object",
        _interactive("nfm_reply", {"name": "flow", "body": WORDS, "response_json": '"x"'}),
    )
    _one(
        "form with an answer that is no JSON",
        _interactive("nfm_reply", {"name": "flow", "body": WORDS, "response_json": "{"}),
    )
    _one(
        "address given",
        _interactive(
            "nfm_reply",
            {
                "name": "address_message",
                "body": WORDS,
                "response_json": json.dumps(
                    {"saved_address_id": "a1", "values": {"in_pin_code": "560001", "city": "Bengaluru"}}
                ),
            },
        ),
    )
    _one(
        "calls permitted",
        _interactive(
            "call_permission_reply",
            {
                "response": "accept",
                "is_permanent": False,
                "expiration_timestamp": 1772539200,
                "response_source": "user_action",
            },
        ),
    )
    _one("calls refused", _interactive("call_permission_reply", {"response": "reject", "response_source": "automatic"}))
    _one("product shared", _interactive("product", {"catalog_id": "1", "product_retailer_id": "sku-1"}))
    _one("interactive reply from the future", _interactive("hologram_reply", {"title": WORDS, "depth": 3}))
    _one("interactive reply without a type", message("interactive", {"button_reply": {"id": "b", "title": WORDS}}))


def _from_the_future() -> None:
    for name, content in {
        "poll_creation": {"name": WORDS, "options": [{"name": "A"}, {"name": "B"}]},
        "poll_update": {"poll_creation_message_id": "wamid.x", "votes": []},
        "event": {"name": WORDS, "start_time": 1772539200},
        "ephemeral": {"body": WORDS},
        "video_note": {**_FILE, "mime_type": "video/mp4"},
        "payment": {"status": "captured", "reference_id": "r-1"},
        "hologram": {"caption": WORDS},
    }.items():
        _one(f"unknown type {name}", message(name, content))
    _one("first opening of the chat", message("request_welcome"))
    _one(
        "unsupported",
        message(
            "unsupported",
            errors=[
                {
                    "code": 131051,
                    "title": "Message type unknown",
                    "message": "x",
                    "error_data": {"details": "Message type is currently not supported."},
                },
            ],
        ),
    )
    _one("unsupported, with its kind", message("unsupported", {"type": "edit"}, errors=[{"code": 131051}]))
    _one("type of the old name for unsupported", message("unknown", errors=[{"code": 501}]))
    _one("text with fields from the future", text(mood="sunny", views=[1, 2], nested={"deep": {"er": None}}))


def _changes() -> None:
    changed: dict[str, Any] = {"wa_id": NEW_PHONE, "type": "user_changed_number"}
    systems: dict[str, dict[str, Any]] = {
        "number changed": changed,
        "number changed, with ids": {
            **changed,
            "user_id": NEW_ID,
            "previous_user_id": USER_ID,
            "previous_parent_user_id": PARENT_ID,
        },
        "number changed, old form": {"new_wa_id": int(NEW_PHONE), "type": "user_changed_number"},
        "number changed, older form": {"new_wa_id": NEW_PHONE, "customer": PHONE, "type": "customer_changed_number"},
        "identity changed": {"identity": "eXlyb3", "customer": PHONE, "type": "customer_identity_changed"},
        "group changed by a system message": {"type": "group_subject_changed"},
    }
    for name, system in systems.items():
        FAMILY.add(name, _system(**system), messages=1)
    without_phone = message("system", {"type": "user_changed_user_id", "user_id": NEW_ID, "previous_user_id": USER_ID})
    del without_phone["from"]
    FAMILY.add("id changed, no phone on either side", envelope(change(value(messages=[without_phone]))), messages=1)
    without_phone = message(
        "system", {"body": WORDS, "type": "user_changed_user_id", "previous_user_id": USER_ID}, from_user_id=NEW_ID
    )
    del without_phone["from"]
    FAMILY.add("id changed, new one beside it", envelope(change(value(messages=[without_phone]))), messages=1)


def _identities() -> None:
    def hidden(**given: Any) -> dict[str, object]:
        element = text(**given)
        del element["from"]
        return element

    FAMILY.add("phone and id", post(text(from_user_id=USER_ID), contacts=[contact(user_id=USER_ID)]), messages=1)
    FAMILY.add(
        "phone and all ids",
        post(
            text(from_user_id=USER_ID, from_parent_user_id=PARENT_ID),
            contacts=[contact(user_id=USER_ID, parent_user_id=PARENT_ID)],
        ),
        messages=1,
    )
    FAMILY.add(
        "no phone anywhere",
        post(
            hidden(from_user_id=USER_ID),
            contacts=[{"profile": {"name": NAME, "username": "@devi"}, "user_id": USER_ID}],
        ),
        messages=1,
    )
    FAMILY.add(
        "no phone, username beside the profile",
        post(
            hidden(from_user_id=OTHER_ID),
            contacts=[{"profile": {}, "username": "devi", "user_id": OTHER_ID}],
        ),
        messages=1,
    )
    FAMILY.add("named among the contacts only", post(hidden(), contacts=[{"user_id": USER_ID}]), messages=1)
    FAMILY.add("id in the place of the phone", post(text(**{"from": USER_ID}), contacts=[]), messages=1)
    FAMILY.add("empty phone", post(text(**{"from": "", "from_user_id": USER_ID}), contacts=[]), messages=1)
    FAMILY.add("contact of somebody else", post(text(), contacts=[contact(wa_id=OTHER_PHONE)]), messages=1)
    FAMILY.add(
        "image without phone",
        post(
            {**message("image", _FILE, from_user_id=USER_ID), "from": None},
            contacts=[{"user_id": USER_ID}],
        ),
        messages=1,
    )
    for name, element in {
        "group text": text(group_id="Y2FwaV9ncm91cDoxNzA1"),
        "group image": message("image", _FILE, group_id="Y2FwaV9ncm91cDoxNzA1"),
        "group text without phone": {**text(group_id="Y2FwaV9ncm91cDoxNzA1", from_user_id=USER_ID), "from": None},
    }.items():
        FAMILY.add(name, post(element), messages=1)


def _batches() -> None:
    two_users = [contact(), contact(wa_id=OTHER_PHONE, profile={"name": WORDS})]
    FAMILY.add("two users in one value", post(text(), text(**{"from": OTHER_PHONE}), contacts=two_users), messages=2)
    FAMILY.add("many of one user", post(*(text(f"{WORDS} {number}") for number in range(12))), messages=12)
    several = envelope(change(value(messages=[text()])), change(value(messages=[text(), text()])))
    several["entry"] += envelope(change(value(messages=[text()])))["entry"]
    FAMILY.add("several entries and changes", several, messages=4)
    twice = text()
    FAMILY.add("the same message twice", post(twice, twice), messages=2, duplicates=1)
    FAMILY.add(
        "messages beside a status and an error",
        envelope(
            change(
                value(
                    contacts=[contact()],
                    messages=[text()],
                    statuses=[{"id": wamid(), "status": "read", "timestamp": shapes.SECONDS}],
                    errors=[{"code": 130429, "title": "Rate limit hit"}],
                )
            )
        ),
        messages=1,
        statuses=1,
        notices=1,
    )
    FAMILY.add(
        "a list from the future beside messages",
        envelope(change(value(messages=[text()], polls=[{"id": "p"}]))),
        messages=1,
    )
    FAMILY.add("an empty list", envelope(change(value(messages=[]))))
    FAMILY.add("no entry", {"object": "whatsapp_business_account", "entry": []})


for _write in (_plain, _files, _facts, _replies, _from_the_future, _changes, _identities, _batches):
    _write()

"""Every kind of message that simulated users send is understood by the platform as what it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from local.simulators.meta_messages import Element, MetaMessages, UserMedia, quoting, referred
from local.simulators.meta_webhook import meta_webhook
from local.simulators.twilio_forms import Form, TwilioForms
from local.simulators.whatsapp_user import WhatsAppNumber, WhatsAppUser
from shared.adapters.twilio.whatsapp_form import parse_message_form
from shared.adapters.whatsapp.parsing import parse_webhook
from shared.domain.message import InboundItem, InboundMessage, MessageKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILE = UserMedia(id="1", mime_type="image/png", url="http://127.0.0.1/1", sha256="aGFzaA==", message_sid="MM1")
NUMBER = WhatsAppNumber(base_url="http://127.0.0.1", simulator_url="", app_secret="", phone_number_id="100")
USERS = {
    "with a number": MetaMessages(wa_id="919845012345"),
    "without a number": MetaMessages(wa_id=None, user_id="IN.1A2B3C"),
    "with both, in a group": MetaMessages(wa_id="919845012345", user_id="IN.1A2B3C", group_id="Y2FwaV9ncm91cA"),
}


def parse(user: MetaMessages, *elements: Element) -> tuple[InboundItem, ...]:
    """What the platform makes of messages that Meta delivers."""
    sender = WhatsAppUser(NUMBER, wa_id=user.wa_id, user_id=user.user_id, group_id=user.group_id)
    body = meta_webhook(sender.value(elements), business_account_id="200")
    return parse_webhook(json.loads(body), channel="whatsapp", received_at=NOW)


def all_kinds(user: MetaMessages) -> dict[str, tuple[Element, MessageKind]]:
    """One message of each kind."""
    return {
        "text": (user.text("Hello"), MessageKind.TEXT),
        "quoting": (quoting(user.text("Hello"), "wamid.1"), MessageKind.TEXT),
        "referred": (referred(user.text("Hello"), headline="Flu", source_url="https://example.com"), MessageKind.TEXT),
        "image": (user.image(FILE, caption="Look"), MessageKind.IMAGE),
        "video": (user.video(FILE), MessageKind.VIDEO),
        "sticker": (user.sticker(FILE), MessageKind.STICKER),
        "document": (user.document(FILE, filename="a.pdf"), MessageKind.DOCUMENT),
        "audio": (user.audio(FILE), MessageKind.AUDIO),
        "voice_note": (user.voice_note(FILE), MessageKind.AUDIO),
        "location": (user.location(12.9, 77.5, name="Clinic"), MessageKind.LOCATION),
        "contacts": (user.contacts("Ravi Iyer", "+919845000000"), MessageKind.CONTACTS),
        "button": (user.button("Yes", payload="y", template_message_id="wamid.1"), MessageKind.BUTTON),
        "button_reply": (user.button_reply("y", "Yes", to_message_id="wamid.1"), MessageKind.INTERACTIVE),
        "list_reply": (user.list_reply("y", "Yes", to_message_id="wamid.1"), MessageKind.INTERACTIVE),
        "flow_reply": (user.flow_reply({"day": "Monday"}), MessageKind.INTERACTIVE),
        "order": (user.order("sku-1", quantity=2, price=10.5), MessageKind.ORDER),
        "reaction": (user.reaction("wamid.1", "👍"), MessageKind.REACTION),
        "reaction removed": (user.reaction("wamid.1", ""), MessageKind.REACTION),
        "edit": (user.edit("wamid.1", "Hallo"), MessageKind.EDIT),
        "revoke": (user.revoke("wamid.1"), MessageKind.REVOKE),
        "number_changed": (user.number_changed("919845099999", new_user_id="IN.NEW"), MessageKind.SYSTEM),
        "user_id_changed": (user.user_id_changed("IN.NEW"), MessageKind.SYSTEM),
        "unsupported": (user.unsupported(), MessageKind.UNSUPPORTED),
    }


@pytest.mark.parametrize("who", USERS)
@pytest.mark.parametrize("name", all_kinds(USERS["with a number"]))
def test_message_of_each_kind_by_meta(who: str, name: str) -> None:
    user = USERS[who]
    element, kind = all_kinds(user)[name]

    (message,) = parse(user, element)

    assert isinstance(message, InboundMessage)
    assert (message.kind, message.provider_message_id) == (kind, element["id"])
    assert {message.user_id, message.address, *message.aliases} >= {user.wa_id or user.user_id}


def test_all_kinds_may_come_in_one_post() -> None:
    user = USERS["with a number"]
    kinds = all_kinds(user)

    items = parse(user, *(element for element, _ in kinds.values()))

    assert [item.kind for item in items if isinstance(item, InboundMessage)] == [kind for _, kind in kinds.values()]


def test_posts_hold_messages_of_several_users() -> None:
    asha, ravi = WhatsAppUser(NUMBER, wa_id="911"), WhatsAppUser(NUMBER, wa_id="912", name="Ravi")
    values = [user.value([user.messages.text("Hello")]) for user in (asha, ravi)]

    items = parse_webhook(
        json.loads(meta_webhook(*values, business_account_id="200")), channel="whatsapp", received_at=NOW
    )

    assert [(item.user_id, item.user_name) for item in items if isinstance(item, InboundMessage)] == [
        ("911", "Asha Rao"),
        ("912", "Ravi"),
    ]


FORMS = TwilioForms(account_sid="AC1", wa_id="919845012345")
HIDDEN = TwilioForms(account_sid="AC1", wa_id=None, user_id="IN.1A2B3C")


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (FORMS.text("Hello"), MessageKind.TEXT),
        (FORMS.file("image", FILE, caption="Look"), MessageKind.IMAGE),
        (FORMS.file("audio", FILE), MessageKind.AUDIO),
        (FORMS.file("video", FILE), MessageKind.VIDEO),
        (FORMS.file("document", FILE), MessageKind.DOCUMENT),
        (FORMS.file("sticker", FILE), MessageKind.STICKER),
        (FORMS.contacts(FILE), MessageKind.CONTACTS),
        (FORMS.location(12.9, 77.5, name="Clinic"), MessageKind.LOCATION),
        (FORMS.button("Yes", payload="y", to_message_sid="SM1"), MessageKind.BUTTON),
        (FORMS.list_reply("y", "Yes", to_message_sid="SM1"), MessageKind.INTERACTIVE),
        (FORMS.opt_out("STOP"), MessageKind.TEXT),
        (HIDDEN.text("Hello"), MessageKind.TEXT),
    ],
)
def test_message_of_each_kind_by_twilio(form: Form, kind: MessageKind) -> None:
    message = parse_message_form(list(form.items()), channel="twilio-whatsapp", received_at=NOW)

    assert isinstance(message, InboundMessage)
    assert (message.kind, message.provider_message_id) == (kind, form["MessageSid"])
    assert message.user_id == ("IN.1A2B3C" if form["From"].endswith("3C") else "919845012345")

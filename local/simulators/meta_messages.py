"""Every kind of message that a WhatsApp user can send, as it stands in Meta's webhooks.

Source: WhatsApp Business Platform, "messages webhook reference" and "Business-scoped user IDs".
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

Element = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMedia:
    """A user's file that the simulator holds. `sha256` is Base64; `message_sid` is Twilio's, which ties files to it."""

    id: str
    mime_type: str
    url: str
    sha256: str = ""
    message_sid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaMessages:
    """Builds elements of `messages`; merge other facts into one with `|`.

    A user without `wa_id` hides the phone number and is known by the business-scoped `user_id` alone.
    """

    wa_id: str | None
    user_id: str | None = None
    name: str = "Asha Rao"
    group_id: str | None = None

    @property
    def contact(self) -> Element:
        """The user's entry in `contacts`."""
        known = {"wa_id": self.wa_id, "user_id": self.user_id}
        return {"profile": {"name": self.name}, **{name: value for name, value in known.items() if value is not None}}

    def element(self, kind: str, content: object, *, message_id: str | None = None) -> Element:
        """A message of any kind, sent now."""
        sender = {"from": self.wa_id, "from_user_id": self.user_id, "group_id": self.group_id}
        return {
            **{name: value for name, value in sender.items() if value is not None},
            "id": message_id or "wamid." + secrets.token_urlsafe(32),
            "timestamp": str(int(time.time())),
            "type": kind,
            kind: content,
        }

    def text(self, text: str, *, message_id: str | None = None) -> Element:
        """Words."""
        return self.element("text", {"body": text}, message_id=message_id)

    def image(self, media: UserMedia, *, caption: str = "") -> Element:
        """A picture."""
        return self.element("image", _file(media, caption=caption))

    def video(self, media: UserMedia, *, caption: str = "") -> Element:
        """A film."""
        return self.element("video", _file(media, caption=caption))

    def sticker(self, media: UserMedia, *, is_animated: bool = False) -> Element:
        """A sticker."""
        return self.element("sticker", _file(media) | {"animated": is_animated})

    def document(self, media: UserMedia, *, filename: str, caption: str = "") -> Element:
        """A file with a name."""
        return self.element("document", _file(media, caption=caption) | {"filename": filename})

    def audio(self, media: UserMedia) -> Element:
        """A sound file."""
        return self.element("audio", _file(media) | {"voice": False})

    def voice_note(self, media: UserMedia) -> Element:
        """Speech recorded with the microphone."""
        return self.element("audio", _file(media) | {"voice": True})

    def location(self, latitude: float, longitude: float, *, name: str = "", address: str = "") -> Element:
        """A place."""
        words = {"name": name, "address": address}
        return self.element(
            "location",
            {"latitude": latitude, "longitude": longitude, **{key: value for key, value in words.items() if value}},
        )

    def contacts(self, name: str, phone: str) -> Element:
        """A visiting card."""
        card = {
            "name": {"formatted_name": name, "first_name": name.split(maxsplit=1)[0]},
            "phones": [{"phone": phone, "wa_id": phone.removeprefix("+"), "type": "CELL"}],
        }
        return self.element("contacts", [card])

    def button(self, text: str, *, payload: str, template_message_id: str) -> Element:
        """The quick reply of a template."""
        return quoting(self.element("button", {"text": text, "payload": payload}), template_message_id)

    def button_reply(self, option_id: str, title: str, *, to_message_id: str) -> Element:
        """A button of an interactive message was pressed."""
        reply = {"type": "button_reply", "button_reply": {"id": option_id, "title": title}}
        return quoting(self.element("interactive", reply), to_message_id)

    def list_reply(self, option_id: str, title: str, *, to_message_id: str, description: str = "") -> Element:
        """A row of a list was chosen."""
        row = {"id": option_id, "title": title} | ({"description": description} if description else {})
        return quoting(self.element("interactive", {"type": "list_reply", "list_reply": row}), to_message_id)

    def flow_reply(self, answers: Mapping[str, object]) -> Element:
        """A form was filled in."""
        reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(answers)}
        return self.element("interactive", {"type": "nfm_reply", "nfm_reply": reply})

    def order(self, product_id: str, *, quantity: int = 1, price: float = 0.0, text: str = "") -> Element:
        """Products from the catalogue."""
        item = {"product_retailer_id": product_id, "quantity": quantity, "item_price": price, "currency": "INR"}
        return self.element("order", {"catalog_id": "300000000000001", "text": text, "product_items": [item]})

    def reaction(self, message_id: str, emoji: str) -> Element:
        """An emoji under a message; without one, the earlier emoji is taken back."""
        return self.element("reaction", {"message_id": message_id} | ({"emoji": emoji} if emoji else {}))

    def edit(self, original_message_id: str, text: str) -> Element:
        """Other words for a message that was sent."""
        message = {"type": "text", "text": {"body": text}}
        return self.element("edit", {"original_message_id": original_message_id, "message": message})

    def revoke(self, original_message_id: str) -> Element:
        """A message that was sent is deleted for everybody."""
        return self.element("revoke", {"original_message_id": original_message_id})

    def number_changed(self, new_wa_id: str, *, new_user_id: str | None = None) -> Element:
        """The user has another phone number, and with it another business-scoped id."""
        words = f"User {self.name} changed from {self.wa_id} to {new_wa_id}"
        system = {"body": words, "type": "user_changed_number", "wa_id": new_wa_id, **self._new_user_id(new_user_id)}
        return self.element("system", system)

    def user_id_changed(self, new_user_id: str) -> Element:
        """The user, whose number is not known, has another business-scoped id."""
        words = f"User {self.name} changed from {self.user_id} to {new_user_id}"
        return self.element("system", {"body": words, "type": "user_changed_user_id", **self._new_user_id(new_user_id)})

    def unsupported(self) -> Element:
        """Something that Meta does not pass on."""
        error = {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
        return self.element("unsupported", {"type": "unknown"}) | {"errors": [error]}

    def _new_user_id(self, new_user_id: str | None) -> Element:
        if new_user_id is None:
            return {}
        return {"user_id": new_user_id, "previous_user_id": self.user_id}


def quoting(element: Element, message_id: str) -> Element:
    """The same message as a reply to another one."""
    return element | {"context": {"id": message_id}}


def referred(element: Element, *, headline: str, source_url: str) -> Element:
    """The same message, written after a click on an advertisement."""
    advertisement = {
        "source_url": source_url,
        "source_id": "120000000000001",
        "source_type": "ad",
        "headline": headline,
        "body": headline,
        "media_type": "image",
        "ctwa_clid": secrets.token_urlsafe(16),
    }
    return element | {"referral": advertisement}


def _file(media: UserMedia, *, caption: str = "") -> Element:
    facts: Element = {"id": media.id, "mime_type": media.mime_type, "sha256": media.sha256, "url": media.url}
    return facts | ({"caption": caption} if caption else {})

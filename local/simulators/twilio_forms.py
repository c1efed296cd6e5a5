"""Every kind of WhatsApp message that Twilio passes on, as the form that it posts.

Source: Twilio, "Twilio's request to your incoming message webhook URL".
"""

from __future__ import annotations

from dataclasses import dataclass

from local.simulators.meta_messages import UserMedia
from local.simulators.phone_line import new_sid

Form = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioForms:
    """Builds forms; merge other fields into one with `|`.

    A user without `wa_id` hides the phone number and is known by the business-scoped `user_id` alone.
    """

    account_sid: str
    wa_id: str | None
    user_id: str | None = None
    name: str = "Asha Rao"
    business: str = "918047112233"

    @property
    def address(self) -> str:
        """The user as Twilio writes it."""
        return f"whatsapp:+{self.wa_id}" if self.wa_id else f"whatsapp:{self.user_id}"

    def form(self, kind: str, *, body: str = "", message_sid: str | None = None) -> Form:
        """A message of any kind; blank fields are there, as Twilio sends them."""
        sid = message_sid or new_sid("SM")
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": self.address,
            "MessageSid": sid,
            "MessageType": kind,
            "NumMedia": "0",
            "NumSegments": "1",
            "ProfileName": self.name,
            "ReferralNumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": f"whatsapp:+{self.business}",
        }
        if self.wa_id:
            form["WaId"] = self.wa_id
        if self.user_id:
            form["ExternalUserId"] = self.user_id
        return form

    def text(self, text: str, *, message_sid: str | None = None) -> Form:
        """Words."""
        return self.form("text", body=text, message_sid=message_sid)

    def file(self, kind: str, media: UserMedia, *, caption: str = "") -> Form:
        """One attachment: kind is image, audio, video, document or sticker; a voice note is an audio."""
        form = self.form(kind, body=caption, message_sid=media.message_sid)
        return form | {"NumMedia": "1", "MediaUrl0": media.url, "MediaContentType0": media.mime_type}

    def contacts(self, card: UserMedia) -> Form:
        """A visiting card, which is a file of the type text/vcard."""
        return self.file("contacts", card)

    def location(self, latitude: float, longitude: float, *, name: str = "", address: str = "") -> Form:
        """A place."""
        words = {"Label": name, "Address": address}
        form = self.form("location") | {"Latitude": str(latitude), "Longitude": str(longitude)}
        return form | {key: value for key, value in words.items() if value}

    def button(self, text: str, *, payload: str, to_message_sid: str) -> Form:
        """A button was pressed."""
        return quoting(self.form("button", body=text) | {"ButtonText": text, "ButtonPayload": payload}, to_message_sid)

    def list_reply(self, option_id: str, title: str, *, to_message_sid: str, description: str = "") -> Form:
        """A row of a list was chosen."""
        chosen = {"ListId": option_id, "ListTitle": title, "ListDescription": description}
        return quoting(self.form("interactive", body=title) | chosen, to_message_sid)

    def opt_out(self, word: str) -> Form:
        """STOP, START or HELP in any language, which Twilio's own opt-out has recognised and answered."""
        meaning = {"stop": "STOP", "start": "START", "help": "HELP"}.get(word.lower(), "STOP")
        return self.text(word) | {"OptOutType": meaning, "MessagingServiceSid": "MG" + "0" * 31 + "1"}


def quoting(form: Form, message_sid: str) -> Form:
    """The same message as a reply to another one."""
    return form | {"OriginalRepliedMessageSid": message_sid}


def referred(form: Form, *, headline: str, source_url: str) -> Form:
    """The same message, written after a click on an advertisement."""
    return form | {
        "ReferralBody": headline,
        "ReferralHeadline": headline,
        "ReferralSourceId": "120000000000001",
        "ReferralSourceType": "ad",
        "ReferralSourceUrl": source_url,
    }

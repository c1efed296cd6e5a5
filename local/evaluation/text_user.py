"""The user of a scenario on a text channel: Meta's WhatsApp and Twilio's behind one door."""

from __future__ import annotations

import base64
import time
from typing import Self

from local.evaluation.scenario import Button, File, Late, Place, Referral
from local.running_stack import RunningStack
from local.simulators import meta_messages, twilio_forms
from local.simulators.sent_messages import Reply
from local.simulators.whatsapp_user import WhatsAppUser
from shared.domain.voice_note import VOICE_NOTE_TYPE

# The smallest pictures and documents that are what they say.
_CONTENTS = {
    "image": ("image/png", base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )),
    "document": ("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
    "video": ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 64),
    "sticker": ("image/webp", base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")),
}  # fmt: skip


class MetaUser:
    """Writes by way of Meta's Cloud API."""

    def __init__(self, stack: RunningStack, number: str) -> None:
        self._user = WhatsAppUser(stack.whatsapp_number, wa_id=number)
        self._latest_reply = ""

    async def __aenter__(self) -> Self:
        await self._user.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._user.__aexit__()

    async def say(self, text: str) -> None:
        """Write a text."""
        await self._user.say(text)

    async def press(self, button: Button) -> None:
        """Press a button of the latest message."""
        to = self._latest_reply or "wamid.none"
        await self._user.send(self._user.messages.button_reply(button.id, button.title, to_message_id=to))

    async def send_voice_note(self, content: bytes) -> None:
        """Send speech, OGG/Opus."""
        note = await self._user.upload(content, VOICE_NOTE_TYPE)
        await self._user.send(self._user.messages.voice_note(note))

    async def send_file(self, file: File) -> None:
        """Send a file."""
        mime_type, content = _CONTENTS[file.kind]
        media = await self._user.upload(content, mime_type)
        messages = self._user.messages
        match file.kind:
            case "image":
                await self._user.send(messages.image(media, caption=file.caption))
            case "video":
                await self._user.send(messages.video(media, caption=file.caption))
            case "sticker":
                await self._user.send(messages.sticker(media))
            case "document":
                await self._user.send(messages.document(media, filename="report.pdf", caption=file.caption))

    async def send_place(self, place: Place) -> None:
        """Send a location."""
        await self._user.send(self._user.messages.location(place.latitude, place.longitude, name=place.name))

    async def react(self, emoji: str) -> None:
        """Put an emoji under the latest message."""
        await self._user.send(self._user.messages.reaction(self._latest_reply or "wamid.none", emoji))

    async def send_late(self, late: Late) -> None:
        """Send what was written long ago."""
        written_at = str(int(time.time() - late.hours * 3600))
        await self._user.send(self._user.messages.text(late.text) | {"timestamp": written_at})

    async def come_by(self, referral: Referral) -> None:
        """Write first after a click on an advertisement."""
        message = self._user.messages.text(referral.text)
        await self._user.send(
            meta_messages.referred(message, headline=referral.headline, source_url=referral.source_url)
        )

    async def notice(self) -> list[Reply]:
        """Messages since the last look."""
        replies = [each for each in await self._user.notice() if isinstance(each, Reply)]
        if replies:
            self._latest_reply = replies[-1].provider_id
        return replies


class TwilioUser:
    """Writes by way of Twilio's WhatsApp sender."""

    def __init__(self, stack: RunningStack, number: str) -> None:
        self._user = stack.twilio_whatsapp_user(wa_id=number)
        self._latest_reply = ""

    async def __aenter__(self) -> Self:
        await self._user.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._user.__aexit__()

    async def say(self, text: str) -> None:
        """Write a text."""
        await self._user.say(text)

    async def press(self, button: Button) -> None:
        """Press a quick reply of the latest message."""
        to = self._latest_reply or "MM" + "0" * 32
        await self._user.send(self._user.forms.button(button.title, payload=button.id, to_message_sid=to))

    async def send_voice_note(self, content: bytes) -> None:
        """Send speech, OGG/Opus."""
        note = await self._user.upload(content, "audio/ogg")
        await self._user.send(self._user.forms.file("audio", note))

    async def send_file(self, file: File) -> None:
        """Send a file."""
        mime_type, content = _CONTENTS[file.kind]
        media = await self._user.upload(content, mime_type)
        await self._user.send(self._user.forms.file(file.kind, media, caption=file.caption))

    async def send_place(self, place: Place) -> None:
        """Send a location."""
        await self._user.send(self._user.forms.location(place.latitude, place.longitude, name=place.name))

    async def react(self, emoji: str) -> None:
        """Twilio does not pass reactions on.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"Twilio passes no reactions on, such as {emoji}")

    async def send_late(self, late: Late) -> None:
        """Twilio does not say when a message was written.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"Twilio does not say that {late.text!r} is late")

    async def come_by(self, referral: Referral) -> None:
        """Write first after a click on an advertisement."""
        form = self._user.forms.text(referral.text)
        await self._user.send(twilio_forms.referred(form, headline=referral.headline, source_url=referral.source_url))

    async def notice(self) -> list[Reply]:
        """Messages since the last look."""
        replies = [each for each in await self._user.notice() if isinstance(each, Reply)]
        if replies:
            self._latest_reply = replies[-1].provider_id
        return replies


TextUser = MetaUser | TwilioUser

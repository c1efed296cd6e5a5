"""The two ways by which a WhatsApp user reaches the platform, as one line to write and to read on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol, Self

from local.chatting.commands import NotUnderstood
from local.running_stack import RunningStack
from local.simulators.sent_messages import Noticed, Option, Reply
from local.simulators.whatsapp_user import TwilioWhatsAppUser, WhatsAppUser

CHANNELS = ("whatsapp", "twilio-whatsapp")


class Line(Protocol):
    """One user on one channel; every method that writes raises MessageRefused when the platform takes it not."""

    async def say(self, text: str) -> None:
        """Write a text."""

    async def send_file(self, kind: str, content: bytes, mime_type: str, *, filename: str, caption: str) -> None:
        """Send a file; `kind` is one of FILE_KINDS."""

    async def send_location(self, latitude: float, longitude: float, name: str) -> None:
        """Send a place."""

    async def send_contact(self, name: str, phone: str) -> None:
        """Send a visiting card."""

    async def choose(self, reply: Reply, option: Option) -> None:
        """Press a button or choose a row."""

    async def react(self, reply: Reply, emoji: str) -> None:
        """Put an emoji under a reply."""

    async def edit(self, text: str) -> None:
        """Change the last text."""

    async def delete(self) -> None:
        """Delete the last text."""

    async def notice(self) -> list[Noticed]:
        """What is new."""


class MetaLine:
    """By way of Meta's Cloud API."""

    def __init__(self, user: WhatsAppUser) -> None:
        self._user = user
        self._last_id = ""

    async def say(self, text: str) -> None:
        """See `Line.say`."""
        message = self._user.messages.text(text)
        self._last_id = str(message["id"])
        await self._user.send(message)

    async def send_file(self, kind: str, content: bytes, mime_type: str, *, filename: str, caption: str) -> None:
        """See `Line.send_file`."""
        messages = self._user.messages
        media = await self._user.upload(content, mime_type)
        elements = {
            "image": lambda: messages.image(media, caption=caption),
            "video": lambda: messages.video(media, caption=caption),
            "document": lambda: messages.document(media, filename=filename, caption=caption),
            "sticker": lambda: messages.sticker(media),
            "audio": lambda: messages.audio(media),
            "voice": lambda: messages.voice_note(media),
        }
        await self._user.send(elements[kind]())

    async def send_location(self, latitude: float, longitude: float, name: str) -> None:
        """See `Line.send_location`."""
        await self._user.send(self._user.messages.location(latitude, longitude, name=name))

    async def send_contact(self, name: str, phone: str) -> None:
        """See `Line.send_contact`."""
        await self._user.send(self._user.messages.contacts(name, phone))

    async def choose(self, reply: Reply, option: Option) -> None:
        """See `Line.choose`."""
        build = self._user.messages.list_reply if reply.is_list else self._user.messages.button_reply
        await self._user.send(build(option.id, option.title, to_message_id=reply.provider_id))

    async def react(self, reply: Reply, emoji: str) -> None:
        """See `Line.react`."""
        await self._user.send(self._user.messages.reaction(reply.provider_id, emoji))

    async def edit(self, text: str) -> None:
        """See `Line.edit`."""
        await self._user.send(self._user.messages.edit(self._known_last_id(), text))

    async def delete(self) -> None:
        """See `Line.delete`."""
        await self._user.send(self._user.messages.revoke(self._known_last_id()))

    async def notice(self) -> list[Noticed]:
        """See `Line.notice`."""
        return await self._user.notice()

    def _known_last_id(self) -> str:
        if not self._last_id:
            raise NotUnderstood("you have not written anything yet")
        return self._last_id


class TwilioLine:
    """By way of Twilio's WhatsApp sender, which passes on less."""

    def __init__(self, user: TwilioWhatsAppUser) -> None:
        self._user = user

    async def say(self, text: str) -> None:
        """See `Line.say`."""
        await self._user.say(text)

    async def send_file(self, kind: str, content: bytes, mime_type: str, *, filename: str, caption: str) -> None:
        """See `Line.send_file`; Twilio says a document's name in the body."""
        media = await self._user.upload(content, mime_type)
        words = caption or (filename if kind == "document" else "")
        await self._user.send(self._user.forms.file("audio" if kind == "voice" else kind, media, caption=words))

    async def send_location(self, latitude: float, longitude: float, name: str) -> None:
        """See `Line.send_location`."""
        await self._user.send(self._user.forms.location(latitude, longitude, name=name))

    async def send_contact(self, name: str, phone: str) -> None:
        """See `Line.send_contact`."""
        card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nTEL;TYPE=CELL:{phone}\r\nEND:VCARD\r\n"
        await self._user.send(self._user.forms.contacts(await self._user.upload(card.encode(), "text/vcard")))

    async def choose(self, reply: Reply, option: Option) -> None:
        """See `Line.choose`."""
        forms = self._user.forms
        if reply.is_list:
            await self._user.send(forms.list_reply(option.id, option.title, to_message_sid=reply.provider_id))
        else:
            await self._user.send(forms.button(option.title, payload=option.id, to_message_sid=reply.provider_id))

    async def react(self, reply: Reply, emoji: str) -> None:
        """Twilio passes no reactions on."""
        raise NotUnderstood(f"Twilio passes no {emoji or 'reaction'} under {reply.kind} messages on")

    async def edit(self, text: str) -> None:
        """Twilio passes no edits on."""
        raise NotUnderstood(f"Twilio does not say that a text has become: {text}")

    async def delete(self) -> None:
        """Twilio passes no deletions on."""
        raise NotUnderstood("Twilio does not say that a message was deleted")

    async def notice(self) -> list[Noticed]:
        """See `Line.notice`."""
        return await self._user.notice()


class OpenLine:
    """The line of the user and channel chosen last; use as an asynchronous context."""

    def __init__(self, stack: RunningStack, *, user: str, channel: str) -> None:
        self._stack = stack
        self._exit = AsyncExitStack()
        self.user = user
        self.channel = channel

    async def __aenter__(self) -> Self:
        await self.switch()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()

    async def switch(self, *, user: str | None = None, channel: str | None = None) -> None:
        """Be another user, or write by way of another channel, from now on.

        Raises:
            NotUnderstood: there is no such channel.
        """
        if channel is not None and channel not in CHANNELS:
            raise NotUnderstood(f"the channels are {' and '.join(CHANNELS)}")
        self.user, self.channel = user or self.user, channel or self.channel
        await self._exit.aclose()
        digits = self.user.removeprefix("+")
        wa_id, user_id = (digits, None) if digits.isdecimal() else (None, self.user)
        if self.channel == "whatsapp":
            meta = WhatsAppUser(self._stack.whatsapp_number, wa_id=wa_id, user_id=user_id)
            self.line: Line = MetaLine(await self._exit.enter_async_context(meta))
        else:
            twilio = self._stack.twilio_whatsapp_user(wa_id=wa_id, user_id=user_id)
            self.line = TwilioLine(await self._exit.enter_async_context(twilio))

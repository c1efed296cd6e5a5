"""What a page of the simulated WhatsApp can send, and the messages that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

import msgspec

from local.simulators.chat_book import ChatBook, ChatEntry
from local.simulators.graph_media import VOICE_NOTE
from local.simulators.media_shelf import MediaShelf
from local.simulators.meta_messages import Element, UserMedia

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_ID = 300

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]


class UnknownThing(Exception):
    """The page means a message, an option or a file that is not there (any more)."""


class SendText(msgspec.Struct, tag_field="event", tag="text"):
    """Words."""

    reference: Id
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


class ChooseOption(msgspec.Struct, tag_field="event", tag="choose"):
    """A button was pressed, or a row of a list chosen."""

    reference: Id
    message_id: Id
    option_id: Id


class SendFile(msgspec.Struct, tag_field="event", tag="file"):
    """A file that was uploaded before."""

    reference: Id
    media_id: Id
    kind: Literal["image", "video", "audio", "document"]
    filename: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)] = ""
    caption: Annotated[str, msgspec.Meta(max_length=LONGEST_CAPTION)] = ""


Wanted = SendText | ChooseOption | SendFile


class Composer:
    """Makes messages of what a page wants to send; files are those of the shelf."""

    def __init__(self, shelf: MediaShelf, *, address: Callable[[str], str]) -> None:
        """`address` says where Meta offers the file with an id."""
        self._shelf = shelf
        self._address = address

    def compose(self, wanted: Wanted, book: ChatBook) -> tuple[Element, ChatEntry]:
        """The message as Meta delivers it, and as it stands in the chat.

        Raises:
            UnknownThing: it means something that is not there.
        """
        if isinstance(wanted, SendText):
            element = book.user.messages.text(wanted.text)
            return element, book.own(element, text=wanted.text, reference=wanted.reference)
        if isinstance(wanted, ChooseOption):
            return _choice(wanted, book)
        return self._file(wanted, book)

    def _file(self, wanted: SendFile, book: ChatBook) -> tuple[Element, ChatEntry]:
        media = self._shelf.find(wanted.media_id)
        if media is None:
            raise UnknownThing("the file is no longer there; choose it once more")
        messages = book.user.messages
        file = UserMedia(
            id=wanted.media_id,
            mime_type=media.mime_type,
            url=self._address(wanted.media_id),
            sha256=media.sha256_base64,
        )
        if wanted.kind == "audio":
            element = messages.voice_note(file) if media.mime_type == VOICE_NOTE else messages.audio(file)
        elif wanted.kind == "document":
            element = messages.document(file, filename=wanted.filename or "document", caption=wanted.caption)
        elif wanted.kind == "video":
            element = messages.video(file, caption=wanted.caption)
        else:
            element = messages.image(file, caption=wanted.caption)
        words = wanted.caption or (wanted.filename if wanted.kind == "document" else "")
        entry = book.own(element, text=words, reference=wanted.reference)
        return element, replace(entry, media_id=wanted.media_id, mime_type=media.mime_type)


def _choice(wanted: ChooseOption, book: ChatBook) -> tuple[Element, ChatEntry]:
    question = book.find(wanted.message_id)
    options = () if question is None else question.options
    option = next((each for each in options if each.id == wanted.option_id), None)
    if question is None or option is None:
        raise UnknownThing("the message with this choice is no longer there")
    messages = book.user.messages
    if question.is_list:
        element = messages.list_reply(
            option.id, option.title, to_message_id=question.id, description=option.description
        )
    else:
        element = messages.button_reply(option.id, option.title, to_message_id=question.id)
    return element, book.own(element, text=option.title, reference=wanted.reference, quotes=question.id)

"""What the business can send, whichever channel carries it: words, choices, files, places, approved templates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.message import MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TextContent:
    """Words."""

    text: str

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.TEXT

    @property
    def as_turn(self) -> str:
        """How it stands in the conversation, for people and for agents."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something that the user can pick.

    Attributes:
        id: what comes back when it is picked; the user does not see it.
    """

    id: str
    title: str
    description: str = ""

    @property
    def in_words(self) -> str:
        """Title and description on one line."""
        return f"{self.title}: {self.description}" if self.description else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A question with a few answers to tap; on WhatsApp they are reply buttons."""

    text: str
    options: tuple[Option, ...]
    header: str = ""
    footer: str = ""

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.INTERACTIVE

    @property
    def as_turn(self) -> str:
        """Question and answers, numbered: it can be read as words where a channel has no buttons."""
        return _in_words(self.header, self.text, _numbered(self.options), self.footer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group of options under a title of their own, which may be empty when there is one section only."""

    options: tuple[Option, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A question with many answers, in a list that opens when the user taps `button`."""

    text: str
    button: str
    sections: tuple[Section, ...]
    header: str = ""
    footer: str = ""

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.INTERACTIVE

    @property
    def options(self) -> tuple[Option, ...]:
        """The options of all sections in their order."""
        return tuple(option for section in self.sections for option in section.options)

    @property
    def as_turn(self) -> str:
        """Question and answers, numbered through all sections."""
        return _in_words(self.header, self.text, self._numbered_sections(), self.footer)

    def _numbered_sections(self) -> str:
        lines: list[str] = []
        number = 1
        for section in self.sections:
            lines += [section.title] if section.title else []
            lines += [_numbered(section.options, first=number)]
            number += len(section.options)
        return "\n".join(lines)


class FileKind(StrEnum):
    """How a file is shown. VOICE: as something said into the microphone, with a play button."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    VOICE = "voice"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file, either one that we keep or one that the provider can fetch.

    Attributes:
        key: where it lies in our media store; empty for a link.
        link: its https address; empty for a file of ours.
        mime_type: the type of what lies behind a link, if it is known; of a file of ours the store knows it.
    """

    file_kind: FileKind
    key: str = ""
    link: str = ""
    mime_type: str = ""
    caption: str = ""
    filename: str = ""

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.AUDIO if self.file_kind is FileKind.VOICE else MessageKind(self.file_kind.value)

    @property
    def as_turn(self) -> str:
        """The kind of file, with its name and the words under it."""
        return " ".join(part for part in (f"[{self.file_kind.value}]", self.filename, self.caption) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.LOCATION

    @property
    def label(self) -> str:
        """Name and address in one line."""
        return ", ".join(part for part in (self.name, self.address) if part)

    @property
    def as_turn(self) -> str:
        """Name, address and coordinates."""
        return f"[location] {self.label} ({self.latitude}, {self.longitude})".replace("  ", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A sign under one message of the user; an empty emoji takes it away."""

    message_id: str
    emoji: str

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.REACTION

    @property
    def as_turn(self) -> str:
        """The sign."""
        return f"[reaction] {self.emoji}".strip()


class ButtonAction(StrEnum):
    """What a template's button needs: the rest of its address, what comes back when it is tapped, or a code."""

    URL = "url"
    QUICK_REPLY = "quick_reply"
    COPY_CODE = "copy_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateButton:
    """The value of a button, which is known by its place among the template's buttons, from 0."""

    index: int
    action: ButtonAction
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A message that the provider approved beforehand; it may be sent at any time.

    Attributes:
        name: its name at Meta, its content sid at Twilio.
        variables: the values of the body's placeholders, in their order.
        header: the value of the header's placeholder; empty where the header has none.
        header_file: the picture, video or document that stands above the words.
    """

    name: str
    language: str = "en"
    variables: tuple[str, ...] = ()
    header: str = ""
    header_file: FileContent | None = None
    buttons: tuple[TemplateButton, ...] = ()

    @property
    def kind(self) -> MessageKind:
        """As which kind of message it is kept."""
        return MessageKind.TEXT

    @property
    def as_turn(self) -> str:
        """How it stands in the conversation: its words are known to the provider only."""
        return f"[{self.name}] {', '.join(self.variables)}".strip()


Content = TextContent | Choices | Menu | FileContent | Location | Reaction | MessageTemplate


def file_of(content: Content) -> FileContent | None:
    """The file that the content brings along, if it does."""
    if isinstance(content, FileContent):
        return content
    return content.header_file if isinstance(content, MessageTemplate) else None


def _numbered(options: tuple[Option, ...], first: int = 1) -> str:
    return "\n".join(f"{number}. {option.in_words}" for number, option in enumerate(options, start=first))


def _in_words(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)

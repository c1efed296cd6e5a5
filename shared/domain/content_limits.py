"""Whether a channel can carry what is to be sent: as it is, as words instead, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.content import (
    Choices,
    Content,
    FileContent,
    FileKind,
    Location,
    Menu,
    MessageTemplate,
    Option,
    Reaction,
    TextContent,
)
from shared.domain.media import MediaFile
from shared.errors import Inapplicable


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLimits:
    """What buttons, or the rows of a list, may hold; lengths in characters, 0 where the thing does not exist."""

    most: int
    longest_id: int
    longest_title: int
    longest_description: int = 0
    longest_section_title: int = 0
    longest_text: int
    longest_header: int
    longest_footer: int
    longest_opener: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Which files of a kind are taken."""

    mime_types: frozenset[str]
    most_bytes: int
    longest_caption: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLimits:
    """What a channel can send besides words, and how much of it.

    Attributes:
        choices: None where there are no buttons; choices are then numbered words.
        menu: the same for lists.
        takes_uploads: files of ours are given to the provider; otherwise it fetches them at an address.
        template_parts: a template's header and buttons have values of their own.
    """

    choices: OptionLimits | None = None
    menu: OptionLimits | None = None
    files: Mapping[FileKind, FileLimits] = field(default_factory=dict)
    takes_uploads: bool = False
    locations: bool = False
    reactions: bool = False
    templates: bool = False
    template_parts: bool = False


def fit(content: Content, limits: ContentLimits, *, text_limit: int) -> Content:
    """The content as the channel can carry it: itself, or words that say the same. `text_limit` 0 means none.

    Raises:
        Inapplicable: the channel cannot carry it; the message names the limit.
    """
    if isinstance(content, Choices):
        return _fit_options(content, limits.choices, text_limit)
    if isinstance(content, Menu):
        return _fit_options(content, limits.menu, text_limit)
    if isinstance(content, Location) and not limits.locations:
        return _fit_text(TextContent(text=f"{content.label}\n{_map_link(content)}".strip()), text_limit)
    if isinstance(content, Reaction) and not limits.reactions:
        raise Inapplicable("The channel has no reactions.")
    if isinstance(content, FileContent):
        return _fit_file(content, limits)
    if isinstance(content, MessageTemplate):
        return _fit_template(content, limits)
    # Texts of any length are sent, in several messages where one cannot hold them.
    return content


def fit_file(content: FileContent, file: MediaFile, limits: ContentLimits) -> FileContent:
    """The content, now that its file is at hand.

    Raises:
        Inapplicable: the file is too large, or of a type that the channel does not take.
    """
    known = limits.files[content.file_kind]
    _check_type(content.file_kind, file.mime_type, known)
    if len(file.content) > known.most_bytes:
        raise Inapplicable(f"The file has {len(file.content)} bytes; the channel takes {known.most_bytes}.")
    return replace(content, mime_type=file.mime_type, filename=content.filename or file.filename or "")


def _fit_options(content: Choices | Menu, limits: OptionLimits | None, text_limit: int) -> Content:
    options = content.options
    if len({option.id for option in options}) < len(options):
        raise Inapplicable("Each option needs an id of its own.")
    if limits is None:
        return _fit_text(TextContent(text=content.as_turn), text_limit)
    if len(options) > limits.most:
        raise Inapplicable(f"The channel shows at most {limits.most} options; there are {len(options)}.")
    _check_length("text", content.text, limits.longest_text)
    _check_length("header", content.header, limits.longest_header)
    _check_length("footer", content.footer, limits.longest_footer)
    for option in options:
        _check_option(option, limits)
    if isinstance(content, Menu):
        _check_length("button", content.button, limits.longest_opener)
        for section in content.sections:
            _check_length("title of a section", section.title, limits.longest_section_title)
        if len(content.sections) > 1 and not all(section.title for section in content.sections):
            raise Inapplicable("With several sections each needs a title.")
    elif len({option.title for option in options}) < len(options):
        raise Inapplicable("No two buttons may have the same title.")
    return content


def _check_option(option: Option, limits: OptionLimits) -> None:
    _check_length("id of an option", option.id, limits.longest_id)
    _check_length("title of an option", option.title, limits.longest_title)
    _check_length("description of an option", option.description, limits.longest_description)


def _fit_file(content: FileContent, limits: ContentLimits) -> FileContent:
    known = limits.files.get(content.file_kind)
    if known is None:
        raise Inapplicable(f"The channel does not send files of the kind {content.file_kind.value}.")
    if content.mime_type:
        _check_type(content.file_kind, content.mime_type, known)
    _check_length("caption", content.caption, known.longest_caption)
    return content


def _check_type(kind: FileKind, mime_type: str, limits: FileLimits) -> None:
    if mime_type.partition(";")[0].strip().lower() not in limits.mime_types:
        taken = ", ".join(sorted(limits.mime_types))
        raise Inapplicable(f"Files of the kind {kind.value} must be of one of these types: {taken}.")


def _fit_template(content: MessageTemplate, limits: ContentLimits) -> MessageTemplate:
    if not limits.templates:
        raise Inapplicable("The channel knows no templates.")
    has_parts = bool(content.header or content.header_file or content.buttons)
    if has_parts and not limits.template_parts:
        raise Inapplicable("On this channel all values of a template go into its variables.")
    if content.header_file is not None:
        _fit_file(content.header_file, limits)
    return content


def _fit_text(content: TextContent, text_limit: int) -> TextContent:
    """What stands for something else must not be torn apart."""
    if text_limit:
        _check_length("text with its numbered options", content.text, text_limit)
    return content


def _check_length(what: str, text: str, longest: int) -> None:
    if len(text) > longest:
        allowed = f"at most {longest} characters" if longest else "none"
        raise Inapplicable(f"The {what} has {len(text)} characters; the channel allows {allowed}.")


def _map_link(place: Location) -> str:
    return f"https://maps.google.com/?q={place.latitude},{place.longitude}"

"""What a message can hold, as the API takes it.

Lengths are bounded here only so far that nothing is endless; what a channel can show, its capabilities say.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.domain.content import (
    ButtonAction,
    Choices,
    FileContent,
    FileKind,
    Location,
    Menu,
    MessageTemplate,
    Option,
    Reaction,
    Section,
    TemplateButton,
)
from shared.http_api.fields import Number, PlainText, ProviderId, Whole

TemplateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,512}$")]
TemplateLanguage = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
Variable = Annotated[PlainText, Field(min_length=1, max_length=1024)]
Words = Annotated[PlainText, Field(min_length=1, max_length=4096)]
Line = Annotated[PlainText, Field(max_length=4096)]
MediaKey = Annotated[str, StringConstraints(pattern=r"^media/[A-Za-z0-9_=:+./-]{1,500}$")]
Link = Annotated[str, StringConstraints(pattern=r"^https://[!-~]{3,2000}$")]
MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-zA-Z0-9.+-]{1,100}(; ?[a-z]+=[a-zA-Z0-9.+-]{1,50})?$")]


class Body(BaseModel):
    """Refuses fields that it does not know, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def exactly_one(*names: str) -> dict[str, Any]:
    """What a schema says when one of several optional fields has to be given, and no two; null gives nothing."""
    given = [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]
    return {"oneOf": given}


class OptionFields(Body):
    """Something that the user can pick."""

    id: Annotated[PlainText, Field(min_length=1, max_length=256)] = Field(
        description="Comes back when it is picked; the user does not see it."
    )
    title: Words
    description: Line = Field(default="", description="In lists only.")

    def option(self) -> Option:
        """As a value."""
        return Option(id=self.id, title=self.title, description=self.description)


class ChoicesFields(Body):
    """A question with answers to tap: at most 3 of 20 characters on WhatsApp; elsewhere numbered words."""

    text: Words
    options: list[OptionFields] = Field(min_length=1, max_length=100)
    header: Line = ""
    footer: Line = ""

    def content(self) -> Choices:
        """As a value."""
        options = tuple(option.option() for option in self.options)
        return Choices(text=self.text, options=options, header=self.header, footer=self.footer)


class SectionFields(Body):
    """A group of options."""

    title: Line = ""
    options: list[OptionFields] = Field(min_length=1, max_length=100)


class MenuFields(Body):
    """A question with a list of answers: at most 10 of 24 characters on WhatsApp; elsewhere numbered words."""

    text: Words
    button: Words = Field(description="What opens the list.")
    sections: list[SectionFields] = Field(min_length=1, max_length=100)
    header: Line = ""
    footer: Line = ""

    def content(self) -> Menu:
        """As a value."""
        sections = tuple(
            Section(title=section.title, options=tuple(option.option() for option in section.options))
            for section in self.sections
        )
        return Menu(text=self.text, button=self.button, sections=sections, header=self.header, footer=self.footer)


class MediaFields(Body):
    """A file, either one that the platform keeps (`key`) or one that the provider can fetch (`link`)."""

    model_config = ConfigDict(json_schema_extra=exactly_one("key", "link"))

    kind: FileKind
    key: MediaKey | None = None
    link: Link | None = None
    mime_type: MimeType | None = Field(default=None, description="Of what lies behind a link, if it is known.")
    caption: Line = ""
    filename: Annotated[PlainText, Field(max_length=240)] = Field(default="", description="Of documents.")

    @model_validator(mode="after")
    def _lies_somewhere(self) -> Self:
        if (self.key is None) == (self.link is None):
            raise ValueError("give either a key or a link")
        return self

    def content(self) -> FileContent:
        """As a value."""
        return FileContent(
            file_kind=self.kind,
            key=self.key or "",
            link=self.link or "",
            mime_type=self.mime_type or "",
            caption=self.caption,
            filename=self.filename,
        )


class LocationFields(Body):
    """A place on the map."""

    latitude: Number = Field(ge=-90, le=90)
    longitude: Number = Field(ge=-180, le=180)
    name: Annotated[PlainText, Field(max_length=1000)] = ""
    address: Annotated[PlainText, Field(max_length=1000)] = ""

    def content(self) -> Location:
        """As a value."""
        return Location(latitude=self.latitude, longitude=self.longitude, name=self.name, address=self.address)


class ReactionFields(Body):
    """A sign under a message of the user."""

    message_id: ProviderId = Field(description="The provider's id of the message.")
    emoji: Annotated[PlainText, Field(max_length=32)] = Field(description="Empty to take the sign away.")

    def content(self) -> Reaction:
        """As a value."""
        return Reaction(message_id=self.message_id, emoji=self.emoji)


class TemplateButtonFields(Body):
    """The value of a template's button."""

    index: Whole = Field(ge=0, le=9, description="Its place among the template's buttons, from 0.")
    action: ButtonAction
    value: Variable = Field(description="The rest of its address, what comes back when it is tapped, or the code.")


_HEADER_KINDS = (FileKind.IMAGE, FileKind.VIDEO, FileKind.DOCUMENT)


class TemplateFields(Body):
    """A template that the provider approved."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "required": ["header", "header_media"],
                "properties": {"header": {"minLength": 1}, "header_media": {"not": {"type": "null"}}},
            }
        }
    )

    name: TemplateName = Field(description="Its name at Meta, or its content sid (`HX…`) at Twilio.")
    language: TemplateLanguage = "en"
    variables: list[Variable] = Field(default=[], max_length=20, description="Values of its placeholders, in order.")
    header: Annotated[PlainText, Field(max_length=1024)] = Field(
        default="", description="Value of the placeholder in its header."
    )
    header_media: MediaFields | None = Field(
        default=None,
        description="The file in its header, instead of a `header`.",
        json_schema_extra={"properties": {"kind": {"enum": [kind.value for kind in _HEADER_KINDS]}}},
    )
    buttons: list[TemplateButtonFields] = Field(default=[], max_length=10)

    @model_validator(mode="after")
    def _has_one_header(self) -> Self:
        file = self.header_media
        if file is not None and self.header:
            raise ValueError("give either a header or header_media")
        if file is not None and file.kind not in _HEADER_KINDS:
            raise ValueError("the header of a template holds an image, a video or a document")
        return self

    def content(self) -> MessageTemplate:
        """As a value."""
        return MessageTemplate(
            name=self.name,
            language=self.language,
            variables=tuple(self.variables),
            header=self.header,
            header_file=None if self.header_media is None else self.header_media.content(),
            buttons=tuple(
                TemplateButton(index=button.index, action=button.action, value=button.value) for button in self.buttons
            ),
        )

"""Messages and calls that the business begins, as the API takes and shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.domain.call import CallState
from shared.domain.content import Content, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.http_api import outbound_examples as examples
from shared.http_api.content_models import (
    Body,
    ChoicesFields,
    LocationFields,
    MediaFields,
    MenuFields,
    ReactionFields,
    TemplateFields,
    exactly_one,
)
from shared.http_api.fields import Identifier, PlainText, ProviderId, Slug

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{7,14}$")]
"""International, without plus. Source: ITU-T E.164."""


_CONTENTS = ("text", "choices", "menu", "media", "location", "reaction", "template")
_ONE_CONTENT = {
    **exactly_one(*_CONTENTS),
    "not": {
        "anyOf": [
            {"required": pair, "properties": {name: {"not": {"type": "null"}} for name in pair}}
            for pair in (["template", "fallback_template"], ["reaction", "reply_to"])
        ]
    },
}


class _Message(Body):
    text: PlainText | None = Field(default=None, min_length=1, max_length=4096)
    choices: ChoicesFields | None = None
    menu: MenuFields | None = None
    media: MediaFields | None = None
    location: LocationFields | None = None
    reaction: ReactionFields | None = None
    template: TemplateFields | None = None
    fallback_template: TemplateFields | None = Field(
        default=None, description="Sent instead when the user wrote too long ago for anything but a template."
    )
    reply_to: ProviderId | None = Field(
        default=None,
        description="The provider's id of a message that is quoted, where that is possible.",
    )

    @model_validator(mode="after")
    def _holds_one_content(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError("give exactly one of text, choices, menu, media, location, reaction and template")
        if self.template is not None and self.fallback_template is not None:
            raise ValueError("a template needs no fallback_template")
        if self.reaction is not None and self.reply_to is not None:
            raise ValueError("a reaction names its message itself")
        return self

    def _given(self) -> list[Content]:
        fields = (self.choices, self.menu, self.media, self.location, self.reaction, self.template)
        text = [] if self.text is None else [TextContent(text=self.text)]
        return [*text, *(field.content() for field in fields if field is not None)]

    def message_to(self, key: ConversationKey) -> OutboundMessage:
        """What is to be sent to a user, in a person's name."""
        (content,) = self._given()
        fallback = None if self.fallback_template is None else self.fallback_template.content()
        return OutboundMessage(key=key, content=content, fallback=fallback, reply_to=self.reply_to)


class NewOutboundMessage(_Message):
    """One message: anything within the channel's window, or a template at any time."""

    model_config = ConfigDict(json_schema_extra={"examples": list(examples.NEW_MESSAGES.values()), **_ONE_CONTENT})

    channel: Slug = "whatsapp"
    user_id: Identifier = Field(description="The provider's identity of the user: a phone number without plus.")
    business_id: Identifier | None = Field(
        default=None, description="The number or account it leaves from; by default the one the user wrote to last."
    )
    agent_id: Slug | None = Field(default=None, description="In whose name; by default a person's.")

    def message(self) -> OutboundMessage:
        """What is to be sent."""
        message = self.message_to(ConversationKey(channel=self.channel, user_id=self.user_id))
        return replace(message, business_id=self.business_id or "", agent_id=self.agent_id)


class NewPersonMessage(_Message):
    """What a person writes into a conversation."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_PERSON_MESSAGE], **_ONE_CONTENT})


class SentMessageView(BaseModel):
    """The message as it stands; its statuses follow as events and in the conversation."""

    message_id: str
    conversation_id: str
    text: str
    delivery_status: DeliveryStatus
    failure_reason: str | None = Field(
        description="Why the provider refused it: window_closed, opted_out, undeliverable, limited, media, template, "
        "account or refused."
    )

    @classmethod
    def of(cls, sent: SentMessage) -> SentMessageView:
        """What is shown of it."""
        return cls(
            message_id=sent.message_id,
            conversation_id=sent.conversation_id,
            text=sent.turn_text,
            delivery_status=sent.status,
            failure_reason=sent.failure_reason,
        )


class NewOutboundCall(Body):
    """A call to place."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_CALL]})

    user_id: PhoneNumber = Field(description="Whom to ring.")
    business_id: PhoneNumber | None = Field(
        default=None, description="The number the call comes from; by default TWILIO_VOICE_NUMBER."
    )
    voicemail_message: PlainText | None = Field(
        default=None,
        min_length=1,
        max_length=600,
        description="Said after the beep when a machine answers; without it a machine is hung up on.",
    )


class PlacedCallView(BaseModel):
    """The call as it stands; how it goes on is told by events and by `/api/v1/calls/{id}`."""

    model_config = ConfigDict(from_attributes=True)

    call_sid: str
    conversation_id: str
    state: CallState

"""Messages and calls that the business begins, as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.domain.call import CallState
from shared.domain.content import MessageTemplate
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.http_api import outbound_examples as examples
from shared.http_api.fields import Identifier, PlainText, Slug

TemplateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,512}$")]
TemplateLanguage = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{7,14}$")]
"""International, without plus. Source: ITU-T E.164."""
Variable = Annotated[PlainText, Field(min_length=1, max_length=1024)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class TemplateFields(_Body):
    """A template that the provider approved."""

    name: TemplateName = Field(description="Its name at Meta, or its content sid (`HX…`) at Twilio.")
    language: TemplateLanguage = "en"
    variables: list[Variable] = Field(default=[], max_length=20, description="Values of its placeholders, in order.")


class NewOutboundMessage(_Body):
    """A text, within the channel's window, or a template, at any time."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_MESSAGE]})

    channel: Slug = "whatsapp"
    user_id: Identifier = Field(description="The provider's identity of the user: a phone number without plus.")
    text: PlainText | None = Field(default=None, min_length=1, max_length=4096)
    template: TemplateFields | None = None
    business_id: Identifier | None = Field(
        default=None, description="The number or account it leaves from; by default the one the user wrote to last."
    )
    agent_id: Slug | None = Field(default=None, description="In whose name; by default a person's.")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.text is None) == (self.template is None):
            raise ValueError("give either a text or a template")
        return self

    def message(self) -> OutboundMessage:
        """What is to be sent."""
        template = self.template
        return OutboundMessage(
            key=ConversationKey(channel=self.channel, user_id=self.user_id),
            text=self.text or "",
            template=None
            if template is None
            else MessageTemplate(name=template.name, language=template.language, variables=tuple(template.variables)),
            business_id=self.business_id or "",
            agent_id=self.agent_id,
        )


class SentMessageView(BaseModel):
    """The message as it stands; its statuses follow as events and in the conversation."""

    message_id: str
    conversation_id: str
    text: str
    delivery_status: DeliveryStatus

    @classmethod
    def of(cls, sent: SentMessage) -> SentMessageView:
        """What is shown of it."""
        return cls(
            message_id=sent.message_id,
            conversation_id=sent.conversation_id,
            text=sent.turn_text,
            delivery_status=sent.status,
        )


class NewOutboundCall(_Body):
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

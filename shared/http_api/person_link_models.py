"""Linked identities as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.conversation import ConversationKey
from shared.http_api import person_link_examples as examples
from shared.http_api.fields import Time

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
# As channels keep numbers: without the plus sign.
UserId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[!-~]+$"),
    AfterValidator(lambda name: name.removeprefix("+")),
    Field(min_length=1),
]


class IdentityFields(BaseModel):
    """A user on a channel."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    channel: ChannelName
    user_id: UserId

    def key(self) -> ConversationKey:
        """The same, as it is kept."""
        return ConversationKey(channel=self.channel, user_id=self.user_id)


class NewPersonLink(BaseModel):
    """Identities that are one person's, who agreed to their being linked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.NEW_LINK]})

    identities: list[IdentityFields] = Field(min_length=2, max_length=5)
    consented: Literal[True] = Field(description="The person agreed; without that nothing is linked.")


class PersonLinkView(BaseModel):
    """A link as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    person_id: str
    identities: list[IdentityFields]
    noted_by: str
    linked_at: Time

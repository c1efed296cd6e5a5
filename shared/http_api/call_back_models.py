"""Promised calls as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.call_back import CallBackState, WhoRings
from shared.http_api.fields import Time


class CallBackView(BaseModel):
    """A promise to ring somebody back."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    conversation_id: str = Field(description="Where it was promised.")
    wanted: WhoRings = Field(
        description="Who rings: `agent`, by itself when it is due; `person`, who finds it here, because a caller asked "
        "for somebody who could not be reached."
    )
    agent_id: str | None = Field(description="The agent who promised it.")
    phone_number: str = Field(description="Whom to ring, without plus; empty where the caller hid the number.")
    about: str
    due_at: Time
    state: CallBackState = Field(
        description="`due`: to come; `ringing`: tried, and not known yet whether anybody answered; `failed`: nobody "
        "did, or the number cannot be rung."
    )
    attempts: int
    call_sid: str | None = Field(description="The latest try; see `/api/v1/calls/{id}`.")

"""Who is signed in, as the API shows it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from shared.domain.access import Caller, Role
from shared.http_api.fields import Time


class SessionView(BaseModel):
    """The caller by their token."""

    subject: str = Field(description="The identity provider's id.")
    roles: list[Role] = Field(description="In the order operator, admin; an admin may do all that an operator may.")
    expires_at: Time | None = Field(description="When the token ends; sign in again or renew it before.")

    @classmethod
    def of(cls, caller: Caller) -> SessionView:
        """The view of a caller."""
        roles = [role for role in Role if role in caller.roles]
        return cls(subject=caller.subject, roles=roles, expires_at=caller.proof_ends_at)


class TicketView(BaseModel):
    """A single-use ticket for the updates socket."""

    ticket: str
    expires_in_seconds: int

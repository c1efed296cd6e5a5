"""Telling who calls the API."""

from __future__ import annotations

from typing import Protocol

from shared.domain.access import Caller


class TokenVerifier(Protocol):
    """Reads bearer tokens of the identity provider."""

    async def verify(self, token: str) -> Caller:
        """The caller that the token proves.

        Raises:
            Unauthenticated: the token is forged, expired, or meant for somebody else; never says which.
            IdentityUnavailable: the provider's keys could not be fetched, so nothing can be proved.
        """


class UpdateTickets(Protocol):
    """Single-use tickets for the socket of live updates, because browsers cannot send a bearer token with it."""

    async def mint(self, caller: Caller, *, ttl_seconds: int) -> str:
        """A new ticket of the caller; unguessable, safe in a query.

        Raises:
            StoreUnavailable: no ticket.
        """

    async def redeem(self, ticket: str) -> Caller | None:
        """Whose ticket it is, the first time and in time; None ever after.

        Raises:
            StoreUnavailable: not known; the caller must be refused.
        """

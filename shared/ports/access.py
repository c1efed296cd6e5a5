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

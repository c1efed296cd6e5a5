"""Signing in to ElastiCache with the role of this process: no password that could leak or had to be rotated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from redis.credentials import CredentialProvider

from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    import boto3

_TOKEN_SECONDS = 900
_SCHEME = "https://"


class RoleSignIn(CredentialProvider):
    """Gives every new connection a token of its own: a signed request to connect, without its scheme.

    A token is valid for 15 minutes and a connection for 12 hours; the client reconnects by itself. Source: Amazon
    ElastiCache, "Authenticating with IAM".
    """

    def __init__(self, session: Callable[[], boto3.Session], *, user: str, cache_name: str) -> None:
        self._session = session
        self._user = user
        self._cache_name = cache_name

    def get_credentials(self) -> tuple[str, str]:
        """User and token; signing needs no network, unless the role's own credentials have to be renewed.

        Raises:
            StoreUnavailable: there are no credentials to sign with.
        """
        from botocore.model import ServiceId
        from botocore.signers import RequestSigner

        session = self._session()
        credentials = session.get_credentials()
        if credentials is None:
            raise StoreUnavailable("This process has no role to sign in with.")
        service = "elasticache"
        signer = RequestSigner(ServiceId(service), session.region_name, service, "v4", credentials, session.events)
        query = urlencode({"Action": "connect", "User": self._user})
        request = {
            "method": "GET",
            "url": f"{_SCHEME}{self._cache_name}/?{query}",
            "body": {},
            "headers": {},
            "context": {},
        }
        signed = signer.generate_presigned_url(request, operation_name="connect", expires_in=_TOKEN_SECONDS)
        return self._user, signed.removeprefix(_SCHEME)

    async def get_credentials_async(self) -> tuple[str, str]:
        """The same beside the loop, because renewed credentials come from the network."""
        return await asyncio.to_thread(self.get_credentials)

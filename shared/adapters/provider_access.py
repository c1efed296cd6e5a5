"""How we prove who we are to a provider, with secrets that may change while we run."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from shared.errors import ProviderBusy
from shared.ports.secrets import FixedSecrets, Secret, SecretSource

Answer = TypeVar("Answer")


class CredentialsRefused(ProviderBusy):
    """The provider did nothing, because it does not accept our credentials; `provider_code` is its own number."""

    def __init__(self, message: str, *, provider: str, provider_code: int | None, retry_after_seconds: int) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.provider = provider
        self.provider_code = provider_code


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """The headers that prove who we are, as they are at this moment, and whom to ask for others.

    Attributes:
        headers: gives them; none where there is nothing to prove.
        source: of the secrets among them.
    """

    headers: Callable[[], Mapping[str, str]] = dict
    source: SecretSource = field(default_factory=FixedSecrets)

    async def ask(
        self, send: Callable[[Mapping[str, str]], Awaitable[Answer]], *, refused: type[Exception] = CredentialsRefused
    ) -> Answer:
        """What `send` returns for our headers; if they are refused and there are others by now, for those.

        A refusal is proof that nothing was done, so that nothing is done twice.
        """
        edition = await self.source.refresh()
        try:
            return await send(self.headers())
        except refused:
            if not await self.source.renew(edition):
                raise
        return await send(self.headers())


def bearer_access(token: Secret, source: SecretSource) -> ProviderAccess:
    """A token in the `Authorization` header; without a token, nothing."""

    def headers() -> Mapping[str, str]:
        value = token()
        return {"authorization": f"Bearer {value}"} if value else {}

    return ProviderAccess(headers=headers, source=source)


def basic_access(user: str, password: Secret, source: SecretSource) -> ProviderAccess:
    """User and password in the `Authorization` header. Source: RFC 7617."""

    def headers() -> Mapping[str, str]:
        proof = base64.b64encode(f"{user}:{password()}".encode()).decode()
        return {"authorization": f"Basic {proof}"}

    return ProviderAccess(headers=headers, source=source)

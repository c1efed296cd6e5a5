"""The identity provider's public keys (a JSON Web Key Set), fetched over HTTP and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import jwt
import msgspec

from shared import errors

KEPT_SECONDS = 3600
"""How long fetched keys are used without asking again."""
REFETCH_SECONDS = 60
"""Pause between fetches caused by unknown key ids or failures, so that forged tokens cannot cause a flood of them."""
TIMEOUT_SECONDS = 3.0
LARGEST_BYTES = 65_536
MOST_KEYS = 50


@dataclass(slots=True)
class SigningKeys:
    """Finds the RSA public key with a given id. Source: RFC 7517.

    Keys that were fetched once stay usable while the provider does not answer.
    """

    url: str
    transport: httpx.AsyncBaseTransport | None = None
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict, init=False)
    _fetched_at: float | None = field(default=None, init=False)
    _tried_at: float | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key; None when the provider has no such key.

        Raises:
            IdentityUnavailable: no keys were ever fetched and the provider does not answer.
        """
        # While somebody asks the provider, known keys serve the others: it may take its time to fail.
        is_served = key_id in self._keys and self._lock.locked()
        if not is_served and (not self._is_current() or key_id not in self._keys):
            async with self._lock:
                if (not self._is_current() or key_id not in self._keys) and self._may_fetch():
                    await self._fetch()
        if self._fetched_at is None:
            raise errors.IdentityUnavailable("The identity provider does not answer.")
        return self._keys.get(key_id)

    def _is_current(self) -> bool:
        return self._fetched_at is not None and self.clock() - self._fetched_at < KEPT_SECONDS

    def _may_fetch(self) -> bool:
        return self._tried_at is None or self.clock() - self._tried_at >= REFETCH_SECONDS

    async def _fetch(self) -> None:
        self._tried_at = self.clock()
        try:
            keys = _rsa_keys(await self._download())
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, msgspec.DecodeError) as error:
            if self._fetched_at is None:
                # The next request may try at once: without any key nobody can be let in.
                self._tried_at = None
                raise errors.IdentityUnavailable("The identity provider does not answer.") from error
            return
        self._keys = keys
        self._fetched_at = self.clock()

    async def _download(self) -> bytes:
        limits = httpx.Timeout(TIMEOUT_SECONDS)
        async with (
            asyncio.timeout(2 * TIMEOUT_SECONDS),
            httpx.AsyncClient(timeout=limits, transport=self.transport, follow_redirects=False) as client,
            client.stream("GET", self.url) as response,
        ):
            response.raise_for_status()
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > LARGEST_BYTES:
                    raise httpx.TransportError("The key set is too large.")
            return bytes(received)


class _KeySet(msgspec.Struct):
    keys: list[dict[str, object]]


def _rsa_keys(document: bytes) -> dict[str, jwt.PyJWK]:
    """The keys that may sign tokens for us; others of the set are passed over."""
    found: dict[str, jwt.PyJWK] = {}
    for entry in msgspec.json.decode(document, type=_KeySet).keys[:MOST_KEYS]:
        key_id = entry.get("kid")
        if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or not isinstance(key_id, str):
            continue
        try:
            found[key_id] = jwt.PyJWK(entry, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    return found

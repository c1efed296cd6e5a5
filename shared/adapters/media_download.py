"""Downloads of strangers' files: from few hosts, within limits, with credentials for none but the provider itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import httpx

from shared.adapters.http_client import CancellableClient
from shared.adapters.provider_access import ProviderAccess
from shared.adapters.provider_client import PassingProviderFailure
from shared.adapters.public_hosts import Resolve, addresses_of, is_public
from shared.domain.media import MediaFailure
from shared.domain.tools.allowed_hosts import is_named
from shared.errors import MediaRefused, ProviderUnavailable

_ATTEMPTS = 3
_MOST_REDIRECTS = 3
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 8.0
_PAUSE_SECONDS = 0.3
_MAX_CONNECTIONS = 16
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT = 200, 401, 403, 404, 408
_THROTTLED, _SERVER_ERROR = 429, 500


class AccessDenied(ProviderUnavailable):
    """The address has expired, or our credentials are not accepted at present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What lay at an address, and what its server called it."""

    content: bytes
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaHosts:
    """Where a provider's files lie. Names may begin with `*.` for whatever lies below.

    Attributes:
        api_base_url: where the operator says that the provider is: gets the credentials, wherever that may be.
        trusted: hosts that get the credentials too.
        public: hosts that files may be handed out from, without credentials.
    """

    api_base_url: str
    trusted: tuple[str, ...]
    public: tuple[str, ...]

    def is_api(self, url: httpx.URL) -> bool:
        """Whether this is the very place that the operator named."""
        return _origin(url) == _origin(httpx.URL(self.api_base_url))

    def may_know_us(self, url: httpx.URL) -> bool:
        """Whether credentials may be shown there."""
        return self.is_api(url) or (url.scheme == "https" and _is_among(url, self.trusted))

    def holds(self, url: httpx.URL) -> bool:
        """Whether a file may be taken from there at all."""
        return self.may_know_us(url) or (url.scheme == "https" and _is_among(url, self.public))


class MediaDownload:
    """Reads one address at a time, as far as the limit goes.

    What proves who we are leaves for hosts that may know us, and never follows a redirect: an address that a provider
    hands out proves itself, and many servers refuse two proofs.
    """

    def __init__(
        self,
        hosts: MediaHosts,
        *,
        access: ProviderAccess,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._hosts = hosts
        self._access = access
        self._transport = transport
        self._resolve = resolve or addresses_of
        self._sleep = sleep
        self._http: httpx.AsyncClient | None = None

    async def __call__(self, address: str, *, limit_bytes: int) -> Download:
        """What lies there, after a second and third try if need be.

        Raises:
            AccessDenied: not with this address, or not now.
            ProviderUnavailable: not now.
            MediaRefused: it is gone, larger than the limit, or lies where we do not go.
        """
        for _ in range(1, _ATTEMPTS):
            try:
                return await self._visit_as_known(address, limit_bytes)
            except PassingProviderFailure:
                await self._sleep(_PAUSE_SECONDS * (0.5 + random.random()))  # noqa: S311 - jitter, not a secret
        return await self._visit_as_known(address, limit_bytes)

    async def delete(self, address: str) -> bool:
        """Ask the provider to forget what lies there; whether it did.

        Raises:
            ProviderUnavailable: it gave no answer.
            MediaRefused: it is no address of the provider's interface.
        """
        url = _read_address(address)
        if not self._hosts.may_know_us(url):
            raise _foreign()

        async def send(proof: Mapping[str, str]) -> int:
            response = await self._client().delete(url, headers=proof)
            if response.status_code in {_UNAUTHORIZED, _FORBIDDEN}:
                raise AccessDenied("The provider does not forget the file.")
            return response.status_code

        try:
            status = await self._access.ask(send, refused=AccessDenied)
        except httpx.HTTPError as error:
            raise ProviderUnavailable("The provider did not answer.") from error
        return httpx.codes.is_success(status) or status == _NOT_FOUND

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _visit_as_known(self, address: str, limit_bytes: int) -> Download:
        url = _read_address(address)
        if not self._hosts.may_know_us(url):
            return await self._follow(url, limit_bytes, {})
        return await self._access.ask(partial(self._follow, url, limit_bytes), refused=AccessDenied)

    async def _follow(self, url: httpx.URL, limit_bytes: int, proof: Mapping[str, str]) -> Download:
        for _ in range(_MOST_REDIRECTS + 1):
            await self._require_known(url)
            found = await self._visit(url, proof, limit_bytes)
            if isinstance(found, Download):
                return found
            url, proof = found, {}
        raise MediaRefused("The address leads nowhere.", reason=MediaFailure.GONE)

    async def _require_known(self, url: httpx.URL) -> None:
        if not self._hosts.holds(url):
            raise _foreign()
        if self._hosts.is_api(url):
            return
        try:
            addresses = await self._resolve(url.host, url.port or 443)
        except OSError as error:
            raise PassingProviderFailure("The file's host cannot be found.") from error
        if not addresses or not all(map(is_public, addresses)):
            raise _foreign()

    async def _visit(self, url: httpx.URL, proof: Mapping[str, str], limit_bytes: int) -> Download | httpx.URL:
        """The file, or where it is said to be."""
        # Packed content could unpack to any size.
        headers = {"accept-encoding": "identity", **proof}
        try:
            async with self._client().stream("GET", url, headers=headers, follow_redirects=False) as response:
                if response.has_redirect_location:
                    return url.join(response.headers["location"])
                _require_success(response.status_code)
                content = await _read(response, limit_bytes)
        except httpx.InvalidURL as error:
            raise _foreign() from error
        except httpx.HTTPError as error:
            raise PassingProviderFailure("The file cannot be reached.") from error
        return Download(content=content, mime_type=response.headers.get("content-type", ""))

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            self._http = CancellableClient(
                timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
                transport=self._transport,
            )
        return self._http


async def _read(response: httpx.Response, limit_bytes: int) -> bytes:
    stated = response.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:20]) > limit_bytes:
        raise _too_large()
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaRefused("The file is packed, which we did not ask for.", reason=MediaFailure.WRONG_TYPE)
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > limit_bytes:
            raise _too_large()
    return bytes(content)


def _require_success(status: int) -> None:
    if status == _OK:
        return
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        raise AccessDenied("The provider does not hand the file out.")
    if status in {_TIMEOUT, _THROTTLED} or status >= _SERVER_ERROR:
        raise PassingProviderFailure("The provider asks us to try again later.")
    raise MediaRefused("The file is not there.", reason=MediaFailure.GONE)


def _read_address(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise _foreign() from error
    if not url.host or url.userinfo:
        raise _foreign()
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port


def _is_among(url: httpx.URL, names: Sequence[str]) -> bool:
    """Whether the host is one of the names, at the port that its scheme has."""
    return url.port is None and is_named(url.host, names)


def _foreign() -> MediaRefused:
    return MediaRefused("The file is not at an address of its provider.", reason=MediaFailure.FOREIGN_HOST)


def _too_large() -> MediaRefused:
    return MediaRefused("The file is too large.", reason=MediaFailure.TOO_LARGE)

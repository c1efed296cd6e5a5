"""Requests to a provider's REST API: pooled, with timeouts, sent again only where the provider cannot have acted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypedDict

import httpx
import msgspec

from shared import tracing
from shared.adapters.http_client import CancellableClient
from shared.adapters.provider_access import CredentialsRefused, ProviderAccess
from shared.domain.json_value import JSON
from shared.domain.media import MediaFile
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable
from shared.observability import count, logger

_ATTEMPTS = 3
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 8.0
_UPLOAD_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSES_SECONDS = 7.0
"""All pauses of one request together: as long as a provider makes one pair of numbers wait, and a little more."""
_MAX_CONNECTIONS = 32

Explain = Callable[[int, JSON], ProviderUnavailable | ProviderRejected]


class PassingProviderFailure(ProviderBusy):
    """The provider certainly did nothing, and asking again soon may help: no connection, or a moment's throttle.

    `retry_after_seconds` is how long to wait at least.
    """


class _Content(TypedDict, total=False):
    """What goes with a request, under httpx's names."""

    json: Mapping[str, JSON]
    data: Mapping[str, str]
    params: Mapping[str, str]
    files: Mapping[str, tuple[str, bytes, str]]
    timeout: httpx.Timeout


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    url: str
    content: _Content = field(default_factory=_Content)


class ProviderClient:
    """One provider's API. `explain` turns the status and body of a refusal into the platform's error.

    Where that is `CredentialsRefused`, the request leaves once more with the credentials of this moment.
    """

    def __init__(
        self,
        *,
        base_url: str,
        explain: Explain,
        access: ProviderAccess | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._explain = explain
        self._access = access or ProviderAccess()
        self._transport = transport
        self._sleep = sleep
        self._http: httpx.AsyncClient | None = None

    async def post(
        self, path: str, *, json: Mapping[str, JSON] | None = None, form: Mapping[str, str] | None = None
    ) -> JSON:
        """The provider's answer to a JSON or form body; `path` is relative to the base unless it is a whole address.

        Raises:
            ProviderUnavailable: no answer, or one that asks for another try later.
            ProviderRejected: the provider refused for good.
        """
        content: _Content = {"data": form} if form is not None else {"json": json or {}}
        return await self._with_attempts(_Request(method="POST", url=self._url(path), content=content))

    async def get(self, path: str, *, query: Mapping[str, str]) -> JSON:
        """The provider's answer to a question; raises as `post` does."""
        return await self._with_attempts(_Request(method="GET", url=self._url(path), content={"params": query}))

    async def upload(self, path: str, file: MediaFile, *, form: Mapping[str, str]) -> JSON:
        """The provider's answer to a file and the fields that go with it; raises as `post` does."""
        content: _Content = {
            "data": form,
            "files": {"file": (file.filename or "file", file.content, file.mime_type)},
            "timeout": httpx.Timeout(_UPLOAD_SECONDS, connect=_CONNECT_SECONDS),
        }
        return await self._with_attempts(_Request(method="POST", url=self._url(path), content=content))

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _url(self, path: str) -> str:
        return path if "://" in path else f"{self._base_url}{path}"

    async def _with_attempts(self, request: _Request) -> JSON:
        paused_seconds = 0.0
        for attempt in range(1, _ATTEMPTS):
            try:
                return await self._once(request)
            except PassingProviderFailure as failure:
                pause_seconds = (failure.retry_after_seconds or 0) + _jitter_seconds(attempt)
                paused_seconds += pause_seconds
                if paused_seconds > _LONGEST_PAUSES_SECONDS:
                    raise
            await self._sleep(pause_seconds)
        return await self._once(request)

    async def _once(self, request: _Request) -> JSON:
        try:
            return await self._access.ask(partial(self._send, request))
        except CredentialsRefused as refusal:
            # Nothing leaves until somebody looks after it.
            logger.error("provider_token_refused", provider=refusal.provider, provider_code=refusal.provider_code)
            count("provider_token_refused", provider=refusal.provider)
            raise

    async def _send(self, request: _Request, headers: Mapping[str, str]) -> JSON:
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            self._http = self._client()
        host = httpx.URL(request.url).host
        with tracing.part("provider_request", kind="client", **{"server.address": host}) as span:
            span.set(**{"http.request.method": request.method})
            response = await self._exchanged(self._http, request, headers)
            span.set(**{"http.response.status_code": response.status_code})
            body = _json(response.content)
            if response.is_success:
                return body
            raise self._explain(response.status_code, body)

    async def _exchanged(
        self, client: httpx.AsyncClient, request: _Request, headers: Mapping[str, str]
    ) -> httpx.Response:
        try:
            return await client.request(request.method, request.url, headers=headers, **request.content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise PassingProviderFailure("The provider cannot be reached.") from error
        except httpx.HTTPError as error:
            # The request may have arrived, so it is not sent again here.
            raise ProviderUnavailable("The provider did not answer.") from error

    def _client(self) -> httpx.AsyncClient:
        return CancellableClient(
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            transport=self._transport,
        )


def _jitter_seconds(attempt: int) -> float:
    """A pause that grows with each attempt and differs between senders that were refused together."""
    return random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - not a secret


def _json(content: bytes) -> JSON:
    try:
        value: JSON = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value

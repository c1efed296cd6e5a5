"""Requests to a provider's REST API: pooled, with timeouts, sent again only where the provider cannot have acted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx
import msgspec
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shared.domain.json_value import JSON
from shared.errors import ProviderRejected, ProviderUnavailable

_ATTEMPTS = 3
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 8.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_MAX_CONNECTIONS = 32

Explain = Callable[[int, JSON], ProviderUnavailable | ProviderRejected]


class PassingProviderFailure(ProviderUnavailable):
    """The provider certainly did nothing, and asking again at once may help: no connection, or a moment's throttle."""


class ProviderClient:
    """One provider's API. `explain` turns the status and body of a refusal into the platform's error."""

    def __init__(
        self,
        *,
        base_url: str,
        explain: Explain,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._explain = explain
        self._headers = dict(headers or {})
        self._auth = auth
        self._transport = transport
        self._sleep = sleep
        self._http: httpx.AsyncClient | None = None

    async def post(
        self, path: str, *, json: Mapping[str, JSON] | None = None, form: Mapping[str, str] | None = None
    ) -> JSON:
        """The provider's answer to a JSON or form body.

        Raises:
            ProviderUnavailable: no answer, or one that asks for another try later.
            ProviderRejected: the provider refused for good.
        """
        return await self._with_attempts("POST", path, json=json, data=form)

    async def get(self, path: str, *, query: Mapping[str, str]) -> JSON:
        """The provider's answer to a question; raises as `post` does."""
        return await self._with_attempts("GET", path, params=query)

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _with_attempts(self, method: str, path: str, **content: Mapping[str, JSON] | None) -> JSON:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(PassingProviderFailure),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS),
            sleep=self._sleep,
            reraise=True,
        )
        return await attempts(self._once, method, path, content)

    async def _once(self, method: str, path: str, content: Mapping[str, Mapping[str, JSON] | None]) -> JSON:
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            self._http = self._client()
        try:
            # httpx types each kind of content by itself; which one it is was decided by the caller.
            response = await self._http.request(method, f"{self._base_url}{path}", **content)  # type: ignore[arg-type]
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise PassingProviderFailure("The provider cannot be reached.") from error
        except httpx.HTTPError as error:
            # The request may have arrived, so it is not sent again here.
            raise ProviderUnavailable("The provider did not answer.") from error
        body = _json(response.content)
        if response.is_success:
            return body
        raise self._explain(response.status_code, body)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self._headers,
            auth=self._auth,
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            transport=self._transport,
        )


def _json(content: bytes) -> JSON:
    try:
        value: JSON = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value

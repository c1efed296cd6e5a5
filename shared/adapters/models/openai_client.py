"""The endpoint that speaks OpenAI's API: its address, its key, its connections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import httpx

from shared.adapters.http_client import CancellableClient
from shared.adapters.models.attempts import PassingModelFailure
from shared.adapters.provider_access import ProviderAccess
from shared.domain.json_value import JSON
from shared.errors import ModelUnavailable

_PASSING_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class _KeyRefused(ModelUnavailable):
    """Another key may do."""


class OpenAICompatibleClient:
    """The endpoint: its address, key, timeouts and pooled connections; shared by model and embedder.

    A key that is refused is looked up again, and the request leaves once more if there is another.
    """

    def __init__(
        self,
        *,
        base_url: str,
        access: ProviderAccess | None = None,
        connect_timeout_seconds: float = 2.0,
        read_timeout_seconds: float = 10.0,
        max_connections: int = 64,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._access = access or ProviderAccess()
        self._timeout = httpx.Timeout(read_timeout_seconds, connect=connect_timeout_seconds)
        self._limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
        self._http: httpx.AsyncClient | None = None

    async def post(self, path: str, body: Mapping[str, JSON]) -> httpx.Response:
        """Send a request and return the response with its body still unread; the caller closes it.

        Raises:
            PassingModelFailure: no connection, no answer, or a status that invites another attempt.
            ModelUnavailable: the endpoint refuses the request.
        """
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            self._http = CancellableClient(timeout=self._timeout, limits=self._limits)
        return await self._access.ask(partial(self._send, self._http, path, body), refused=_KeyRefused)

    async def _send(
        self, http: httpx.AsyncClient, path: str, body: Mapping[str, JSON], headers: Mapping[str, str]
    ) -> httpx.Response:
        try:
            request = http.build_request("POST", f"{self._base_url}{path}", json=body, headers=headers)
            response = await http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise PassingModelFailure("the model's endpoint does not answer") from error
        if response.status_code == httpx.codes.OK:
            return response
        await response.aclose()
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise _KeyRefused("the model's endpoint does not accept our key")
        failure = PassingModelFailure if response.status_code in _PASSING_STATUSES else ModelUnavailable
        raise failure(f"the model's endpoint answers with status {response.status_code}")

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

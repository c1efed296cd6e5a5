"""HttpToolCaller: asks operators' own systems, at addresses that were checked, within limits."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from shared import tracing
from shared.adapters.circuit import Circuit
from shared.adapters.http_client import CancellableClient
from shared.adapters.public_hosts import Resolve, addresses_of, is_loopback, is_public
from shared.domain.json_value import JSON
from shared.domain.tools.allowed_hosts import AllowedHosts
from shared.domain.tools.http_tool import HttpMethod, HttpTool, HttpToolRequest, request_of
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.errors import InvalidContent, StoreUnavailable
from shared.observability import logger
from shared.ports.tool_secrets import ToolSecrets

LARGEST_ANSWER_BYTES = 65_536
MOST_HOSTS = 256
_CONNECT_SECONDS = 2.0
_MAX_CONNECTIONS = 16
_PAUSE_SECONDS = 0.1
_ERROR, _UNAUTHENTICATED, _REDIRECT, _SERVER_ERROR = 400, 401, 300, 500
# Nothing of the request was on its way yet.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_Headers = Sequence[tuple[str, str]]
_TIMED_OUT = ToolAnswer(
    text="The tool gave no answer in time; it is not known whether it was done.", outcome=ToolOutcome.TIMED_OUT
)


class _AnswerUnusable(Exception):
    """It is too large, packed, or neither JSON nor text."""


class _CredentialRefused(Exception):
    """The server did nothing, for want of another credential. Source: RFC 9110, section 15.5.2."""


class HttpTools:
    """Implements `HttpToolCaller`. No redirect is followed, no proxy used, no connection kept for another name."""

    def __init__(
        self,
        hosts: AllowedHosts,
        secrets: ToolSecrets,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve = addresses_of,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = hosts
        self._secrets = secrets
        self._transport = transport
        self._resolve = resolve
        self._sleep = sleep
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}
        self._http: httpx.AsyncClient | None = None

    async def __call__(
        self,
        tool: HttpTool,
        arguments: Mapping[str, JSON],
        *,
        idempotency_key: str,
        conversation_id: str = "",
        agent_id: str = "",
    ) -> ToolAnswer:
        """See `HttpToolCaller`."""
        named = {"idempotency-key": idempotency_key, "x-vaani-conversation": conversation_id, "x-vaani-agent": agent_id}
        try:
            async with asyncio.timeout(tool.timeout_ms / 1000):
                return await self._ask(tool, arguments, {name: value for name, value in named.items() if value})
        except TimeoutError:
            self._note_failure(tool.url)
            return _TIMED_OUT

    def warm_up(self) -> None:
        """Read the authorities whose certificates are trusted, which takes a while."""
        self._client()

    async def aclose(self) -> None:
        """Close the pool; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _ask(self, tool: HttpTool, arguments: Mapping[str, JSON], headers: Mapping[str, str]) -> ToolAnswer:
        problem = self._hosts.problem(tool.url)
        if problem is not None:
            return _failed(problem)
        try:
            request = request_of(tool, arguments)
            credential = await self._credential(tool)
        except InvalidContent as error:
            return ToolAnswer(text=str(error), outcome=ToolOutcome.REFUSED)
        except StoreUnavailable:
            logger.warning("tool_secret_unavailable", tool=tool.id)
            return _failed("The tool's credential cannot be read at the moment.")
        if credential is None:
            return _failed("The tool's credential is missing.")
        if not self._circuit(tool.url).admit(self._clock()):
            return _failed("The tool's server does not answer at present.")
        try:
            return await self._visit(tool, request, {**headers, **dict(credential)})
        except _CredentialRefused:
            return await self._visit_again(tool, request, headers, credential)

    async def _credential(self, tool: HttpTool) -> _Headers | None:
        if tool.secret_name is None:
            return ()
        header = await self._secrets.header(tool.secret_name)
        return None if header is None else (header,)

    async def _visit_again(
        self, tool: HttpTool, request: HttpToolRequest, headers: Mapping[str, str], refused: _Headers
    ) -> ToolAnswer:
        """Once more, if the credential was changed meanwhile."""
        renewed = None
        if tool.secret_name is not None:
            with suppress(StoreUnavailable):
                renewed = await self._secrets.renewed_header(tool.secret_name, refused[0])
        if renewed is not None:
            with suppress(_CredentialRefused):
                return await self._visit(tool, request, {**headers, **dict([renewed])})
        return _refused(_UNAUTHENTICATED)

    async def _visit(self, tool: HttpTool, request: HttpToolRequest, headers: Mapping[str, str]) -> ToolAnswer:
        """Ask once, and once more where that certainly repeats nothing."""
        may_repeat = _NOT_SENT if tool.method is not HttpMethod.GET else (httpx.TransportError,)
        try:
            try:
                return await self._send(tool, request, headers)
            except may_repeat:
                await self._sleep(_PAUSE_SECONDS * (0.5 + random.random()))  # noqa: S311 - jitter, not a secret
                return await self._send(tool, request, headers)
        except _AnswerUnusable as error:
            self._circuit(tool.url).succeeded()
            return _failed(str(error))
        except (*_NOT_SENT, OSError):
            self._note_failure(tool.url)
            return _failed("The tool's server cannot be reached; nothing was done.")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.warning("tool_broke_off", tool=tool.id, reason=type(error).__name__)
            self._note_failure(tool.url)
            return _failed("The tool's server broke off; it is not known whether it was done.")

    async def _send(self, tool: HttpTool, request: HttpToolRequest, headers: Mapping[str, str]) -> ToolAnswer:
        url = httpx.URL(request.url)
        address = await self._checked_address(url)
        if address is None:
            logger.warning("tool_address_refused", tool=tool.id)
            return _failed("The tool's server lies at an address that is not visited.")
        content = None if request.body is None else json.dumps(request.body, ensure_ascii=True).encode()
        sent = httpx.Request(
            tool.method.value,
            # Not by its name, which could lead elsewhere at the second look.
            url.copy_with(host=address),
            headers={
                "host": url.netloc.decode("ascii"),
                "user-agent": "vaani",
                "accept": "application/json, text/*;q=0.8",
                # Packed content could unpack to any size.
                "accept-encoding": "identity",
                **({} if content is None else {"content-type": "application/json"}),
                **headers,
            },
            content=content,
            # The name that the certificate must bear, now that the address does not tell it.
            extensions={"sni_hostname": url.host, "timeout": _timeout(tool).as_dict()},
        )
        with tracing.part("tool_request", kind="client", **{"server.address": url.host}) as span:
            span.set(**{"http.request.method": tool.method.value})
            # Operators' own servers may go on with the trace; to providers nothing of it is told.
            sent.headers.update({name: value for name, value in span.carrier().items() if name == tracing.TRACEPARENT})
            response = await self._client().send(sent, stream=True, follow_redirects=False)
            span.set(**{"http.response.status_code": response.status_code})
            try:
                return await self._read(tool, response)
            finally:
                await response.aclose()

    async def _read(self, tool: HttpTool, response: httpx.Response) -> ToolAnswer:
        status = response.status_code
        if status >= _SERVER_ERROR:
            self._note_failure(tool.url)
        else:
            self._circuit(tool.url).succeeded()
        if status == _UNAUTHENTICATED:
            raise _CredentialRefused
        if status >= _ERROR:
            return _refused(status)
        if status >= _REDIRECT:
            return _failed(f"The tool points elsewhere (HTTP status {status}), which is not followed.")
        return ToolAnswer(text=await _text_of(response) or f"Done (HTTP status {status}).")

    async def _checked_address(self, url: httpx.URL) -> str | None:
        """Where to connect; None where any of the name's addresses is one that may not be visited."""
        addresses = await self._resolve(url.host, url.port or 443)
        may_visit = is_loopback if self._hosts.trusts(str(url)) else is_public
        if not addresses or not all(map(may_visit, addresses)):
            return None
        return _preferred(addresses)

    def _circuit(self, url: str) -> Circuit:
        host = urlsplit(url).netloc
        circuit = self._circuits.pop(host, None) or Circuit()
        while len(self._circuits) >= MOST_HOSTS:
            del self._circuits[next(iter(self._circuits))]
        self._circuits[host] = circuit
        return circuit

    def _note_failure(self, url: str) -> None:
        self._circuit(url).failed(self._clock())

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:  # Built late: whoever calls no tool need not wait for it.
            self._http = CancellableClient(
                # Connections are kept by address, and two names may share one: none is kept.
                limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=0),
                transport=self._transport,
                trust_env=False,
            )
        return self._http


def _preferred(addresses: Sequence[str]) -> str:
    """One of IPv4, if there is: our subnets have no way out for the others."""
    return next((address for address in addresses if ":" not in address), addresses[0])


def _timeout(tool: HttpTool) -> httpx.Timeout:
    seconds = tool.timeout_ms / 1000
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))


async def _text_of(response: httpx.Response) -> str:
    """The answer's words, as they are: a model reads JSON."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _AnswerUnusable("The tool's answer is packed, which was not asked for.")
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > LARGEST_ANSWER_BYTES:
            raise _AnswerUnusable("The tool's answer is too large.")
    if not content:
        return ""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (media_type.startswith("text/") or media_type == "application/json" or media_type.endswith("+json")):
        raise _AnswerUnusable("The tool's answer is neither JSON nor text.")
    return content.decode("utf-8", "replace")


def _refused(status: int) -> ToolAnswer:
    return _failed(f"The tool answered with an error (HTTP status {status}).")


def _failed(text: str) -> ToolAnswer:
    return ToolAnswer(text=text, outcome=ToolOutcome.FAILED)

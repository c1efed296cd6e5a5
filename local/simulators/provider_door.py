"""What every simulated provider does around its answer: plays the planned fault and remembers the request."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.simulators.faults import Fault, FaultPlan
from local.simulators.journal import Journal

LARGEST_BODY_BYTES = 20 * 1024 * 1024
NO_FAULT = Fault(provider="whatsapp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider answers. `provider_id` is the id of what it accepted; `raw` is sent instead of JSON."""

    status: int
    body: object = None
    provider_id: str | None = None
    raw: Response | None = None


ErrorBody = Callable[[int, int | None, str | None], dict[str, object]]
"""Builds a provider's error from HTTP status, its own code and its message; None: the usual for that status."""

Respond = Callable[[Fault], Answer]
"""Accepts or refuses the request; the fault says how the message shall fare later."""


class CutResponse(Response):
    """Promises a body and never sends it, so that the client sees its connection die after the request was accepted."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Begin and leave; the server then closes the connection."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class ProviderDoor:
    """The common entrance of one provider's endpoints."""

    def __init__(self, provider: str, *, journal: Journal, faults: FaultPlan, error_body: ErrorBody) -> None:
        self._provider = provider
        self._journal = journal
        self._faults = faults
        self._error_body = error_body

    async def answer(self, request: Request, body: object, respond: Respond) -> Response:
        """Answer a request whose body was read already."""
        fault = self._faults.take(provider=self._provider, method=request.method, path=request.url.path) or NO_FAULT
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.status is not None:
            answer = Answer(status=fault.status, body=self._error_body(fault.status, fault.code, fault.message))
        else:
            answer = respond(fault)
        self._journal.record(
            provider=self._provider,
            method=request.method,
            path=request.url.path,
            body=body,
            status=None if fault.drop_after_accept else answer.status,
            provider_id=answer.provider_id,
        )
        if fault.drop_after_accept:
            return CutResponse()
        if answer.raw is not None:
            return answer.raw
        headers = {"Retry-After": str(fault.retry_after_seconds)} if fault.retry_after_seconds is not None else None
        return JSONResponse(answer.body, status_code=answer.status, headers=headers)


class LockedDoor:
    """A provider's door that opens to the holders of few `Authorization` headers only."""

    def __init__(
        self, door: ProviderDoor, *, authorizations: Callable[[], Collection[str]], refusal: dict[str, object]
    ) -> None:
        """`authorizations` are those of the moment; `refusal` is the body that goes with a 401."""
        self._door = door
        self._authorizations = authorizations
        self._refusal = refusal

    async def answer(self, request: Request, body: object, respond: Respond) -> Response:
        """Answer a request whose body was read already; a planned fault comes before the key is looked at."""

        def check_first(fault: Fault) -> Answer:
            stated = request.headers.get("authorization", "").encode()
            if not any(hmac.compare_digest(stated, known.encode()) for known in self._authorizations()):
                return Answer(status=401, body=self._refusal)
            return respond(fault)

        return await self._door.answer(request, body, check_first)

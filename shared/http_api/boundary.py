"""The outermost layer of an application: names each request, bounds it, and answers in the envelope whatever comes."""

from __future__ import annotations

import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import errors, observability, tracing
from shared.http_contract import SECURITY_HEADERS, encode_envelope, failure, headers_of, status_of
from shared.observability.requests import record_request

LARGEST_BODY_BYTES = 262_144
_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=([\w-]{1,64})")


class RequestBoundary:
    """ASGI middleware around everything but CORS."""

    def __init__(self, app: ASGIApp, *, largest_body_bytes: int = LARGEST_BODY_BYTES) -> None:
        self._app = app
        self._largest_body_bytes = largest_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; an exception that nothing foresaw becomes a 500 and a line in the log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(scope)
        observability.bind(request_id=request_id)
        if _is_health_check(scope):
            await self._measured(scope, receive, send, request_id)
        else:
            with tracing.serving(dict(Headers(scope=scope)), request_id=request_id) as span:
                status = await self._measured(scope, receive, send, request_id)
                tracing.answered(span, method=scope["method"], route=_route(scope), status=status)
        observability.unbind()

    async def _measured(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        """Answer, and say with which status."""
        started_at = time.perf_counter()
        status = 0

        async def send_completed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self._answer(scope, receive, send_completed, request_id)
        finally:
            record_request(
                method=scope["method"],
                route=_route(scope),
                status=status,
                elapsed_ms=(time.perf_counter() - started_at) * 1000,
            )
            observability.flush_metrics()
        return status

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        try:
            _refuse_large_body(scope, self._largest_body_bytes)
            await self._app(scope, receive, send)
        except errors.PlatformError as error:
            await problem_response(error, request_id=request_id)(scope, receive, send)
        except Exception:  # noqa: BLE001 -- the entry point: whatever it is, the client gets an answer
            observability.logger.exception("request_failed", method=scope["method"])
            unforeseen = errors.PlatformError("Something went wrong on our side.")
            await problem_response(unforeseen, request_id=request_id)(scope, receive, send)


def problem_response(error: errors.PlatformError, *, request_id: str) -> Response:
    """An error in the envelope, with the headers that belong to it."""
    body = encode_envelope(failure(error.code, str(error), details=error.details, request_id=request_id))
    return Response(body, status_code=status_of(error), headers=headers_of(error), media_type="application/json")


def _route(scope: Scope) -> str:
    """The template of the route that was found; whatever else was asked for is anybody's words."""
    return str(getattr(scope.get("route"), "path", "unknown"))


def _is_health_check(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/health/")


def _complete(headers: MutableHeaders, request_id: str) -> None:
    headers["x-request-id"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)


def _request_id(scope: Scope) -> str:
    """The load balancer's trace id, as for the other functions, or Lambda's own."""
    own = getattr(scope.get("aws.context"), "aws_request_id", None)
    return name_request(Headers(scope=scope), otherwise=own)


def name_request(headers: Headers, *, otherwise: str | None = None) -> str:
    """The id of a request: the load balancer's, as far as it is one."""
    root = _TRACE_ROOT.search(headers.get("x-amzn-trace-id", ""))
    return root.group(1) if root else str(otherwise or uuid4())


def _refuse_large_body(scope: Scope, largest_bytes: int) -> None:
    declared = Headers(scope=scope).get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > largest_bytes:
        raise errors.TooLarge("The request is larger than the platform accepts.")

"""Between AWS Lambda and the platform: load balancer events to requests, answers and errors back to events."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextvars
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias, TypeVar

from shared import observability, tracing
from shared.errors import Blocked, InvalidRequest, PlatformError, RateLimited, TooLarge
from shared.http_contract import SECURITY_HEADERS, HTTPRequest, HTTPResponse
from shared.observability import logger
from shared.observability.requests import record_request

Result = TypeVar("Result")
# Lambda hands over parsed JSON of a shape that AWS documents; it is read field by field below.
Event: TypeAlias = Mapping[str, Any]
HTTPFunction: TypeAlias = Callable[[HTTPRequest], Awaitable[HTTPResponse]]
HTTPHandler: TypeAlias = Callable[[Event, "LambdaContext"], dict[str, Any]]

LARGEST_BODY_BYTES = 1024 * 1024
"""What a load balancer hands to a function at most."""
_HEALTH_PATH = re.compile(r"/health/[a-z0-9_-]+")
_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=([\w-]{1,64})")

# One loop for the life of the execution environment: pooled connections belong to the loop that opened them.
_runner = asyncio.Runner()


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    aws_request_id: str


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on the environment's event loop, with the ids bound so far, and return its result."""
    return _runner.run(work, context=contextvars.copy_context())


def http_handler(function: HTTPFunction) -> HTTPHandler:
    """Make a Lambda entry point for a load balancer of a function from request to response.

    A PlatformError becomes its status and envelope; anything else is logged with its cause and becomes a plain 500.
    `GET /health/{function}` is answered here: it tells that the function starts, without asking any store.
    """

    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        observability.unbind()
        request_id = _request_id(event, context)
        observability.bind(request_id=request_id)
        method, route = str(event.get("httpMethod", "")), str(event.get("path", ""))
        if method in {"GET", "HEAD"} and _HEALTH_PATH.fullmatch(route):
            response = HTTPResponse.ok({"alive": True})
        else:
            response = _traced(function, event, request_id)
        record_request(
            method=method, route=route, status=response.status, elapsed_ms=(time.perf_counter() - started) * 1000
        )
        observability.flush_metrics()
        tracing.finish(tracing.FINISH_SECONDS)
        return to_alb_response(event, response, request_id=request_id)

    return handler


def _traced(function: HTTPFunction, event: Event, request_id: str) -> HTTPResponse:
    with tracing.serving(_headers(event), request_id=request_id) as span:
        response, code = run(_answer(function, event, request_id))
        method, route = str(event.get("httpMethod", "")), str(event.get("path", ""))
        tracing.answered(span, method=method, route=route, status=response.status, code=code)
    return response


async def _answer(function: HTTPFunction, event: Event, request_id: str) -> tuple[HTTPResponse, str]:
    """The answer, and the code of what went wrong."""
    try:
        return await function(to_request(event, request_id=request_id)), ""
    except PlatformError as error:
        # Of those who go on in spite of a block or a limit, the line is written where they are counted.
        if not isinstance(error, (Blocked, RateLimited)):
            logger.info("request_refused", code=error.code)
        return HTTPResponse.failure(error, request_id=request_id), error.code
    except Exception as error:  # noqa: BLE001 - an entry point, which logs the cause
        logger.exception("request_failed")
        unforeseen = PlatformError("Something went wrong on our side.")
        return HTTPResponse.failure(unforeseen, request_id=request_id), type(error).__name__


def to_request(event: Event, *, request_id: str = "") -> HTTPRequest:
    """Read a load balancer's event, with single-value or multi-value headers, into a request with its exact bytes.

    The address is the right-most one of X-Forwarded-For: our load balancer appended it, the client wrote the others.
    Source: Elastic Load Balancing, "Lambda functions as targets".

    Raises:
        InvalidRequest: the event says base64 and is not.
        TooLarge: the body is longer than LARGEST_BODY_BYTES.
    """
    headers = _headers(event)
    return HTTPRequest(
        method=str(event.get("httpMethod", "")),
        path=str(event.get("path", "")),
        query=_query(event),
        headers=headers,
        body=_body(event),
        source_ip=headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip(),
        request_id=request_id,
    )


def _headers(event: Event) -> dict[str, str]:
    several: Mapping[str, Sequence[str]] | None = event.get("multiValueHeaders")
    if several:
        return {name.lower(): ",".join(str(value) for value in values) for name, values in several.items()}
    single: Mapping[str, str] = event.get("headers") or {}
    return {name.lower(): str(value) for name, value in single.items()}


def _query(event: Event) -> str:
    several: Mapping[str, Sequence[str]] | None = event.get("multiValueQueryStringParameters")
    if several:
        return "&".join(f"{name}={value}" for name, values in several.items() for value in values)
    single: Mapping[str, str] = event.get("queryStringParameters") or {}
    return "&".join(f"{name}={value}" for name, value in single.items())


def _body(event: Event) -> bytes:
    body = _decoded(str(event.get("body") or ""), is_base64=bool(event.get("isBase64Encoded")))
    if len(body) > LARGEST_BODY_BYTES:
        raise TooLarge("The request is larger than the platform accepts.")
    return body


def _decoded(body: str, *, is_base64: bool) -> bytes:
    if not is_base64:
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("The body is not valid base64.") from error


def _request_id(event: Event, context: LambdaContext) -> str:
    root = _TRACE_ROOT.search(_headers(event).get("x-amzn-trace-id", ""))
    return root.group(1) if root else str(getattr(context, "aws_request_id", ""))


def to_alb_response(event: Event, response: HTTPResponse, *, request_id: str) -> dict[str, Any]:
    """The response in the form in which the event came: a target group speaks either single or multi-value headers."""
    headers = {**SECURITY_HEADERS, **response.headers, "x-request-id": request_id}
    if response.content_type:
        headers["content-type"] = response.content_type
    answer: dict[str, Any] = {
        "statusCode": response.status,
        "statusDescription": f"{response.status} {HTTPStatus(response.status).phrase}",
        "isBase64Encoded": False,
        "body": "" if event.get("httpMethod") == "HEAD" else response.body,
    }
    if event.get("multiValueHeaders"):
        answer["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    else:
        answer["headers"] = headers
    return answer

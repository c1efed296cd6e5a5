"""Makes the FastAPI applications: the same errors, headers and limits in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from shared import errors
from shared.http_api.boundary import LARGEST_BODY_BYTES, RequestBoundary, problem_response
from shared.http_api.conditional import ConditionalAnswers
from shared.http_api.cross_origin import CrossOrigin
from shared.http_contract import encode_envelope, failure

_EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-Id")
_METHODS = ("GET", "POST", "PUT", "DELETE")
_MOST_PROBLEMS = 20
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def create_application(
    *,
    title: str,
    allowed_origins: Sequence[str],
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    methods_of: Callable[[str], Sequence[str]] = lambda _path: (),
) -> FastAPI:
    """An application without routes; its OpenAPI document is published by `history_api` only.

    `methods_of` names the methods of a path where its routes here do not tell: 405 states them.
    """
    application = FastAPI(
        title=title,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    application.state.methods_of = methods_of
    application.add_exception_handler(errors.PlatformError, _answer_foreseen)
    application.add_exception_handler(RequestValidationError, _answer_unusable)
    application.add_exception_handler(HTTPException, _answer_unrouted)
    application.add_middleware(ConditionalAnswers)
    application.add_middleware(RequestBoundary, largest_body_bytes=largest_body_bytes)
    if allowed_origins:
        application.add_middleware(
            CrossOrigin,
            allow_origins=list(allowed_origins),
            allow_methods=list(_METHODS),
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
            expose_headers=list(_EXPOSED_HEADERS),
            max_age=600,
        )
    return application


async def _answer_foreseen(request: Request, error: Exception) -> Response:
    # Starlette types every handler's argument as Exception; it only calls this one with a PlatformError.
    assert isinstance(error, errors.PlatformError)
    return problem_response(error, request_id=request.state.request_id)


async def _answer_unusable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(_explain(error), request_id=request.state.request_id)


async def _answer_unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        refused = errors.MethodNotAllowed("This method is not allowed here.", allowed=_methods_at(request))
        return problem_response(refused, request_id=request.state.request_id)
    # Starlette's wording says what is wrong with the address or the method and holds no internals.
    code = _CODES.get(error.status_code, "invalid_request")
    body = encode_envelope(failure(code, str(error.detail), request_id=request.state.request_id))
    return Response(body, status_code=error.status_code, headers=error.headers, media_type="application/json")


def _methods_at(request: Request) -> str:
    """Every method of a path: each route knows only its own."""
    application: FastAPI = request.app
    stated = application.state.methods_of(request.scope["path"])
    if stated:
        return ", ".join(stated)
    return ", ".join(
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in application.routes)
    )


def _explain(error: RequestValidationError) -> errors.PlatformError:
    """Which fields are wrong and why; values are never repeated, because they may be personal.

    What cannot be read (no JSON, not a number, no time) is malformed; what can be read but breaks a rule is invalid.
    """
    problems = [
        {
            "field": ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]),
            "problem": problem["msg"],
        }
        for problem in error.errors()[:_MOST_PROBLEMS]
    ]
    message = f"{problems[0]['field']}: {problems[0]['problem']}" if problems else "The request is not valid."
    is_malformed = any(
        str(problem["type"]).endswith(("_parsing", "_type", "json_invalid")) for problem in error.errors()
    )
    kind = errors.InvalidRequest if is_malformed else errors.InvalidContent
    return kind(message, details={"problems": problems})

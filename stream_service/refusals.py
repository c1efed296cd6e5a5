"""Answers that end a connection, written straight to its transport: requests and sockets that are not served."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from shared import errors
from shared.http_contract import SECURITY_HEADERS, HTTPResponse


def refusal(error: errors.PlatformError, *, request_id: str, status: HTTPStatus | None = None) -> HTTPResponse:
    """The answer of an error, with a status of HTTP itself where the error stands for several."""
    answer = HTTPResponse.failure(error, request_id=request_id)
    return answer if status is None else replace(answer, status=int(status))


def last_words(answer: HTTPResponse) -> bytes:
    """The answer as it is sent, after which the connection is closed."""
    body = answer.body.encode()
    status = HTTPStatus(answer.status)
    headers = {
        **SECURITY_HEADERS,
        **answer.headers,
        "content-type": answer.content_type,
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

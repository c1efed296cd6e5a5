"""HTTP as the platform speaks it: requests and responses as values, the JSON envelope, and each error's status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec

from shared import errors
from shared.domain.json_value import JSON

STATUS_OF: Mapping[type[errors.PlatformError], int] = {
    errors.InvalidRequest: 400,
    errors.SignatureInvalid: 401,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Blocked: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.VersionConflict: 409,
    errors.Inapplicable: 409,
    errors.TooLarge: 413,
    errors.InvalidContent: 422,
    errors.RateLimited: 429,
    errors.ProviderRejected: 422,
    errors.StoreUnavailable: 503,
    errors.IdentityUnavailable: 503,
    errors.QueueUnavailable: 503,
    errors.ModelUnavailable: 503,
    errors.SpeechUnavailable: 503,
    errors.ProviderUnavailable: 503,
    errors.AlreadyClaimed: 503,
}

_RETRY_AFTER_SECONDS = 5

SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
"""What goes with every answer of a function that does not say otherwise: most of them are personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRequest:
    """A request with its body as the bytes that were sent: signatures are computed over exactly these.

    Attributes:
        path: as received, neither decoded nor normalised.
        query: as received, without the question mark, undecoded.
        headers: names in lower case; repeated headers are joined by a comma.
        source_ip: the address that our own load balancer saw, never one that the client claims.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    source_ip: str = ""
    request_id: str = ""

    @property
    def query_values(self) -> dict[str, str]:
        """The query decoded; the last of repeated names wins, blank values are kept."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def form_values(self) -> list[tuple[str, str]]:
        """The fields of a form body in the order sent, blank ones included.

        Raises:
            InvalidRequest: the body is not text.
        """
        try:
            return parse_qsl(self.body.decode("utf-8"), keep_blank_values=True, max_num_fields=1000)
        except ValueError as error:
            raise errors.InvalidRequest("The form body is not valid UTF-8 form data.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPResponse:
    """A response; `body` is text because everything the functions answer is."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def ok(cls, data: JSON, *, status: int = 200) -> HTTPResponse:
        """A success in the envelope."""
        return cls(status=status, body=encode_envelope(success(data)))

    @classmethod
    def text(cls, body: str) -> HTTPResponse:
        """Plain text, for handshakes."""
        return cls(body=body, content_type="text/plain; charset=utf-8")

    @classmethod
    def xml(cls, body: str) -> HTTPResponse:
        """TwiML."""
        return cls(body=body, content_type="text/xml; charset=utf-8")

    @classmethod
    def empty(cls) -> HTTPResponse:
        """Taken note, nothing to say."""
        return cls(status=204, content_type="")

    @classmethod
    def failure(cls, error: errors.PlatformError, *, request_id: str) -> HTTPResponse:
        """An error in the envelope, with the headers that belong to it."""
        return cls(
            status=status_of(error),
            body=encode_envelope(failure(error.code, str(error), details=error.details, request_id=request_id)),
            headers=headers_of(error),
        )


def status_of(error: errors.PlatformError) -> int:
    """The HTTP status of an error; 500 for one that no client can do anything about."""
    return status_of_kind(type(error))


def status_of_kind(kind: type[errors.PlatformError]) -> int:
    """The HTTP status of all errors of a kind."""
    return next((STATUS_OF[known] for known in kind.__mro__ if known in STATUS_OF), 500)


def headers_of(error: errors.PlatformError) -> dict[str, str]:
    """When to try again, what is allowed instead, or how to prove who asks: what the status of an error calls for."""
    headers: dict[str, str] = {}
    retry_after = retry_after_seconds(error)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if isinstance(error, errors.MethodNotAllowed):
        headers["allow"] = error.allowed
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="vaani"'
    return headers


def retry_after_seconds(error: errors.PlatformError) -> int | None:
    """The Retry-After value of an error; None when trying again is pointless."""
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    return _RETRY_AFTER_SECONDS if status_of(error) in {429, 503} else None


def success(data: object) -> dict[str, object]:
    """The envelope of an answer."""
    return {"status": "success", "data": data, "error": None}


def failure(code: str, message: str, *, details: object = None, request_id: str | None = None) -> dict[str, object]:
    """The envelope of an error."""
    error = {"code": code, "message": message, "details": details, "request_id": request_id}
    return {"status": "error", "data": None, "error": error}


def encode_envelope(envelope: dict[str, object]) -> str:
    """The envelope as JSON text; halves of surrogate pairs, for which UTF-8 has no place, are written as escapes."""
    try:
        return msgspec.json.encode(envelope).decode()
    except UnicodeEncodeError:
        return json.dumps(envelope)

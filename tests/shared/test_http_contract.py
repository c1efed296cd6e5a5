"""The envelope, the statuses, and how bodies are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import errors
from shared.http_contract import HTTPRequest, HTTPResponse, retry_after_seconds, status_of

STATUSES = {
    errors.InvalidRequest: 400,
    errors.SignatureInvalid: 401,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Blocked: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.VersionConflict: 409,
    errors.TooLarge: 413,
    errors.InvalidContent: 422,
    errors.RateLimited: 429,
    errors.StoreUnavailable: 503,
    errors.QueueUnavailable: 503,
    errors.ModelUnavailable: 503,
    errors.SpeechUnavailable: 503,
    errors.ProviderUnavailable: 503,
    errors.IdentityUnavailable: 503,
    errors.AlreadyClaimed: 503,
    errors.PlatformError: 500,
    errors.LeaseLost: 500,
}
TRY_AGAIN = {429, 503}


def post(body: bytes) -> HTTPRequest:
    return HTTPRequest(method="POST", path="/", body=body)


def body_of(response: HTTPResponse) -> Any:
    return json.loads(response.body)


def kinds_of_errors() -> list[type[errors.PlatformError]]:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    return [kind for kind in kinds if issubclass(kind, errors.PlatformError)]


@pytest.mark.requirement("13.4")
@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5))
def test_an_answer_is_data_in_the_envelope(data: Any) -> None:
    response = HTTPResponse.ok(data, status=201)

    assert (response.status, response.content_type) == (201, "application/json")
    assert body_of(response) == {"status": "success", "data": data, "error": None}


@pytest.mark.requirement("13.4")
@pytest.mark.requirement("13.5")
def test_an_error_is_its_code_and_words_in_the_same_envelope() -> None:
    error = errors.InvalidContent("A rule needs a pattern.", details={"field": "pattern"})

    response = HTTPResponse.failure(error, request_id="req-1")

    assert response.status == 422
    assert body_of(response) == {
        "status": "error",
        "data": None,
        "error": {
            "code": "invalid_content",
            "message": "A rule needs a pattern.",
            "details": {"field": "pattern"},
            "request_id": "req-1",
        },
    }


@pytest.mark.requirement("13.5")
@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_each_error_has_its_status(kind: type[errors.PlatformError], status: int) -> None:
    assert HTTPResponse.failure(kind("Words."), request_id="r").status == status


def test_no_two_errors_share_a_code() -> None:
    # A special case of an error may go by the code of that error.
    codes = [kind.code for kind in kinds_of_errors() if "code" in vars(kind)]

    assert len(codes) == len(set(codes))


def test_an_error_that_is_told_apart_further_keeps_the_status_of_its_kind() -> None:
    class TokenExpired(errors.Unauthenticated):
        code = "token_expired"

    assert status_of(TokenExpired("Expired.")) == 401


def test_a_rejection_by_the_provider_says_which() -> None:
    error = errors.ProviderRejected("Outside the window.", provider_code="131047", reason="window_closed")

    response = HTTPResponse.failure(error, request_id="r")

    assert response.status == 422
    assert body_of(response)["error"]["details"] == {"provider_code": "131047", "reason": "window_closed"}


@pytest.mark.requirement("12.2")
def test_the_answer_over_the_limit_is_429_and_says_when_to_return() -> None:
    response = HTTPResponse.failure(errors.RateLimited("Too many.", retry_after_seconds=42), request_id="r")

    assert response.status == 429
    assert response.headers == {"retry-after": "42"}


@pytest.mark.parametrize("kind", STATUSES)
def test_when_to_return_is_said_exactly_where_trying_again_may_help(kind: type[errors.PlatformError]) -> None:
    expected = 5 if STATUSES[kind] in TRY_AGAIN else None

    assert retry_after_seconds(kind("Words.")) == expected


def test_a_blocked_source_learns_for_how_long() -> None:
    response = HTTPResponse.failure(errors.Blocked("Blocked.", retry_after_seconds=900), request_id="r")

    assert (response.status, response.headers) == (403, {"retry-after": "900"})


def test_form_fields_keep_their_order_repetitions_and_blanks() -> None:
    request = post(b"Body=&From=whatsapp%3A%2B9198&Body=%E0%A4%AC%E0%A4%BF%E0%A4%B2+1&Empty")

    assert request.form_values() == [("Body", ""), ("From", "whatsapp:+9198"), ("Body", "बिल 1"), ("Empty", "")]


def test_an_empty_form_has_no_fields() -> None:
    assert post(b"").form_values() == []


@pytest.mark.parametrize("body", [b"Body=\xff\xfe", b"&".join([b"a=1"] * 1001)], ids=["not UTF-8", "too many fields"])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(errors.InvalidRequest):
        post(body).form_values()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        fields = post(body).form_values()
    except errors.InvalidRequest:
        return

    assert all(isinstance(name, str) and isinstance(value, str) for name, value in fields)


def test_the_query_is_decoded_and_keeps_blanks() -> None:
    request = HTTPRequest(method="GET", path="/", query="hub.mode=subscribe&hub.challenge=&q=a%20b&q=c")

    assert request.query_values == {"hub.mode": "subscribe", "hub.challenge": "", "q": "c"}


@pytest.mark.parametrize(
    ("response", "status", "content_type", "body"),
    [
        (HTTPResponse.text("12345"), 200, "text/plain; charset=utf-8", "12345"),
        (HTTPResponse.xml("<Response/>"), 200, "text/xml; charset=utf-8", "<Response/>"),
        (HTTPResponse.empty(), 204, "", ""),
    ],
    ids=["text", "xml", "empty"],
)
def test_other_forms_of_answers(response: HTTPResponse, status: int, content_type: str, body: str) -> None:
    assert (response.status, response.content_type, response.body) == (status, content_type, body)

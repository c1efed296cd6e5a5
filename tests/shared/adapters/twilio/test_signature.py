"""Twilio's signature, against the vectors of Twilio's own library and against forgeries."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.twilio.signature import TwilioSignature
from shared.errors import SignatureInvalid
from shared.http_contract import HTTPRequest
from tests.provider_requests import AUTH_TOKEN, BASE_URL, load_fixture, twilio_post, twilio_signature

VECTORS = load_fixture("signature-vectors/twilio_x_twilio_signature.json")
PATH = "/webhooks/messages/twilio-whatsapp"
SIGNATURE = TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL)


def _request(vector: dict[str, Any]) -> tuple[TwilioSignature, HTTPRequest]:
    address = urlsplit(vector["uri"])
    pairs = [(name, value) for name, value in vector.get("params_multi") or vector.get("params", {}).items()]
    body = vector["raw_body"].encode() if "raw_body" in vector else urlencode(pairs).encode()
    request = HTTPRequest(
        method="POST",
        path=address.path,
        query=address.query,
        body=body,
        headers={"x-twilio-signature": vector["signature"]},
    )
    base_url = f"{address.scheme}://{address.netloc}"
    return TwilioSignature(auth_tokens=[lambda: VECTORS["auth_token"]], public_base_url=base_url), request


@pytest.mark.requirement("6.1")
@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_published_vectors_verify(vector: dict[str, Any]) -> None:
    signature, request = _request(vector)

    signature.verify(request)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_one_changed_byte_breaks_each_vector(vector: dict[str, Any]) -> None:
    signature, request = _request(vector)

    with pytest.raises(SignatureInvalid):
        signature.verify(replace(request, body=request.body[:-1] + b"!"))


def test_blank_and_repeated_fields_are_part_of_what_is_signed() -> None:
    request = twilio_post(PATH, [("Body", ""), ("MediaUrl0", ""), ("Tag", "b"), ("Tag", "a"), ("Name", "ä b+c")])

    SIGNATURE.verify(request)


@pytest.mark.parametrize("spelling", ["https://vaani.example:443", "https://vaani.example"])
def test_the_default_port_may_be_signed_or_not(spelling: str) -> None:
    signed = twilio_signature(f"{spelling}{PATH}", [("A", "1")])
    request = replace(twilio_post(PATH, {"A": "1"}), headers={"x-twilio-signature": signed})

    SIGNATURE.verify(request)


@pytest.mark.parametrize("headers", [{}, {"x-twilio-signature": ""}, {"x-twilio-signature": "ünsigned"}])
def test_a_missing_or_strange_signature_is_invalid(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify(replace(twilio_post(PATH, {"A": "1"}), headers=headers))


def test_without_a_configured_token_nothing_is_valid() -> None:
    request = HTTPRequest(method="POST", path=PATH, headers={"x-twilio-signature": twilio_signature(BASE_URL + PATH)})

    with pytest.raises(SignatureInvalid):
        TwilioSignature(auth_tokens=[lambda: ""], public_base_url=BASE_URL).verify(request)


def test_a_json_body_needs_its_hash_in_the_query() -> None:
    body = b'{"a": 1}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": twilio_signature(f"{BASE_URL}{PATH}?{query}"), "content-type": "application/json"}
    request = HTTPRequest(method="POST", path=PATH, query=query, headers=headers, body=body)

    SIGNATURE.verify(request)
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify(replace(request, body=b'{"a": 2}'))
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify(replace(request, query="", headers={"x-twilio-signature": twilio_signature(BASE_URL + PATH)}))


def test_a_query_that_was_not_signed_is_invalid() -> None:
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify(replace(twilio_post(PATH, {"A": "1"}), query="extra=1"))


@given(st.binary(max_size=60), st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_whatever_a_stranger_sends_the_answer_is_signature_invalid(body: bytes, query: str, signature: str) -> None:
    headers = {"x-twilio-signature": signature}

    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify(HTTPRequest(method="POST", path=PATH, query=query, headers=headers, body=body))


@pytest.mark.parametrize("host", ["wss://vaani.example", "wss://vaani.example:443"])
def test_the_upgrade_to_a_socket_is_signed_over_its_secure_address(host: str) -> None:
    SIGNATURE.verify_upgrade(path="/media/token", signature=twilio_signature(f"{host}/media/token"))


@pytest.mark.parametrize(
    "signature",
    [None, "", twilio_signature(f"{BASE_URL}/media/token"), twilio_signature("wss://vaani.example/media/other")],
)
def test_an_upgrade_signed_for_another_address_is_invalid(signature: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify_upgrade(path="/media/token", signature=signature)


@pytest.mark.parametrize("scheme", ["wss", "ws"])
def test_a_local_address_may_be_signed_with_the_plain_socket_scheme_too(scheme: str) -> None:
    local = TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url="http://127.0.0.1:8080")

    local.verify_upgrade(path="/media/t", signature=twilio_signature(f"{scheme}://127.0.0.1:8080/media/t"))


def test_a_public_address_may_not() -> None:
    with pytest.raises(SignatureInvalid):
        SIGNATURE.verify_upgrade(path="/media/t", signature=twilio_signature("ws://vaani.example/media/t"))

"""What the search for canaries recognises; a search that finds nothing proves nothing."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.attacks.canaries import Canary, found_in

SECRET = Canary("secret", "s3cret/with+signs=and-ü")
NUMBER = Canary("number", "+919811198765", is_number=True)


@pytest.mark.parametrize(
    "output",
    [
        SECRET.text.encode(),
        f"https://user:{quote(SECRET.text, safe='')}@host".encode(),
        json.dumps({"a": SECRET.text}).encode(),
        json.dumps(json.dumps({"a": SECRET.text}, ensure_ascii=False), ensure_ascii=False).encode(),
        SECRET.text.encode().hex().encode(),
        base64.b64encode(SECRET.text.encode()),
        base64.b64encode(b"u:" + SECRET.text.encode() + b":x"),
        base64.urlsafe_b64encode(b"user:" + SECRET.text.encode()),
        repr({"a": SECRET.text}).encode(),
    ],
)
def test_a_secret_is_found_in_any_disguise(output: bytes) -> None:
    assert found_in(b"before " + output + b" behind", [SECRET]) == ["secret"]


@pytest.mark.parametrize("text", ["919811198765", "9811198765", "98111 98765", "98111-98765", "%2B919811198765"])
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert found_in(text.encode(), [NUMBER]) == ["number"]


def test_nothing_is_found_where_nothing_is() -> None:
    assert found_in(b'{"level":"INFO","message":"reply_delivered","user":"9f86d081884c7d65"}', [SECRET, NUMBER]) == []

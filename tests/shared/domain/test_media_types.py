from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.media import LARGEST_FILE_BYTES, MediaFile, MediaReference
from shared.domain.media_types import checked_file, clean_type, found_type, is_genuine, safe_filename
from shared.errors import MediaRefused

JPEG = b"\xff\xd8\xff\xe0 a picture"
PNG = b"\x89PNG\r\n\x1a\n a picture"
OGG = b"OggS a note"
PAGE = b"\n<!DOCTYPE html><html>An error page</html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
PROGRAM = b"MZ\x90\x00"


def reason_of(reference: MediaReference, content: bytes) -> str:
    with pytest.raises(MediaRefused) as refused:
        checked_file(reference, content)
    return refused.value.reason


@pytest.mark.parametrize(
    "stated",
    [
        hashlib.sha256(JPEG).hexdigest(),
        hashlib.sha256(JPEG).hexdigest().upper(),
        base64.b64encode(hashlib.sha256(JPEG).digest()).decode(),
        base64.urlsafe_b64encode(hashlib.sha256(JPEG).digest()).decode().rstrip("="),
    ],
)
def test_the_hash_may_be_stated_in_any_common_form(stated: str) -> None:
    file = checked_file(MediaReference(mime_type="image/jpeg", sha256=stated), JPEG)

    assert file.content == JPEG


def test_content_with_another_hash_is_refused() -> None:
    stated = base64.b64encode(hashlib.sha256(PNG).digest()).decode()

    assert reason_of(MediaReference(mime_type="image/jpeg", sha256=stated), JPEG) == "wrong_hash"


@pytest.mark.parametrize("stated", ["", "HASH", "é", "abcd", "ab" * 33])
def test_what_cannot_be_a_hash_proves_nothing(stated: str) -> None:
    assert checked_file(MediaReference(mime_type="image/jpeg", sha256=stated), JPEG).content == JPEG


def test_an_empty_file_is_refused() -> None:
    assert reason_of(MediaReference(mime_type="image/jpeg"), b"") == "empty"


@pytest.mark.parametrize(
    ("stated", "content"), [("image/jpeg", PAGE), ("image/png", SVG), ("audio/ogg", PROGRAM), ("video/mp4", JPEG)]
)
def test_what_is_shown_or_played_must_be_of_its_kind(stated: str, content: bytes) -> None:
    assert reason_of(MediaReference(mime_type=stated), content) == "wrong_type"


@pytest.mark.parametrize(
    ("stated", "content", "kept"),
    [
        ("image/jpeg", JPEG, "image/jpeg"),
        ("image/jpeg", PNG, "image/png"),
        ("image/jpeg", b"unknown bytes", "image/jpeg"),
        ("audio/ogg; codecs=opus", OGG, "audio/ogg; codecs=opus"),
        ("audio/mp4", b"\x00\x00\x00\x20ftypisom", "audio/mp4"),
        ("application/pdf", PAGE, "text/html"),
        ("text/plain", PROGRAM, "application/x-msdownload"),
        ("", b"unknown bytes", "application/octet-stream"),
        ("", JPEG, "image/jpeg"),
        ("no type at all", b"unknown bytes", "application/octet-stream"),
    ],
)
def test_the_type_is_the_one_that_was_found(stated: str, content: bytes, kept: str) -> None:
    assert checked_file(MediaReference(mime_type=stated), content).mime_type == kept


def test_the_server_names_the_type_that_the_provider_did_not() -> None:
    assert checked_file(MediaReference(), b"a,b", served_type="text/csv").mime_type == "text/csv"


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("cat.jpg", "cat.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\bill.pdf", "bill.pdf"),
        ("bill\u202egpj.exe", "billgpj.exe"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ("...hidden", "hidden"),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("बिल.pdf", "बिल.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("\x00\x01", None),
        ("", None),
        (None, None),
    ],
)
def test_names_are_safe_to_save_under(stated: str | None, kept: str | None) -> None:
    assert safe_filename(stated) == kept


@pytest.mark.parametrize(
    ("mime_type", "content", "is_one"),
    [
        ("image/jpeg", JPEG, True),
        ("image/jpeg", b"unknown bytes", False),
        ("application/pdf", b"%PDF-1.7", True),
        ("application/pdf", b"unknown bytes", False),
        ("text/csv; charset=utf-8", b"a,b", True),
        ("text/plain", PROGRAM, False),
    ],
)
def test_a_file_is_genuine_if_nothing_speaks_against_it(mime_type: str, content: bytes, is_one: bool) -> None:  # noqa: FBT001
    assert is_genuine(MediaFile(content=content, mime_type=mime_type)) is is_one


@given(st.text(max_size=300))
def test_any_name_becomes_a_safe_one(stated: str) -> None:
    name = safe_filename(stated)

    assert name is None or (0 < len(name) <= 100 and not set(name) & set('/\\"\r\n\x00<>:|?*'))


@given(st.text(max_size=200))
def test_a_type_is_safe_in_a_header(stated: str) -> None:
    assert clean_type(stated).isascii()
    assert clean_type(stated).isprintable()


@given(st.binary(max_size=64))
def test_any_bytes_can_be_looked_at(content: bytes) -> None:
    found = found_type(content)

    assert found is None or clean_type(found) == found


@pytest.mark.parametrize(
    ("mime_type", "largest"),
    [
        ("image/jpeg", 5 * 2**20),
        ("audio/ogg", 16 * 2**20),
        ("video/mp4", 16 * 2**20),
        ("application/pdf", LARGEST_FILE_BYTES),
        ("", LARGEST_FILE_BYTES),
    ],
)
def test_each_type_has_its_limit(mime_type: str, largest: int) -> None:
    assert MediaReference(mime_type=mime_type).limit_bytes == largest

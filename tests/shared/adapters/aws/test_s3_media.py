from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.adapters.aws.s3_media import S3MediaStore, disposition
from shared.domain.media import MediaFile
from shared.errors import StoreUnavailable

KEY = "media/2026/03/02/whatsapp/1/0"


def test_a_browser_saves_the_file_under_its_name() -> None:
    assert disposition("cat.jpg") == "attachment; filename=\"cat.jpg\"; filename*=UTF-8''cat.jpg"


def test_a_name_without_ascii_letters_is_kept_beside_a_plain_one() -> None:
    assert disposition("बिल.pdf") == (
        "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E0%A4%AC%E0%A4%BF%E0%A4%B2.pdf"
    )


def test_a_name_cannot_end_the_header() -> None:
    assert disposition('a"; filename="b.exe').count('"') == 2


def test_a_file_without_a_name_is_saved_all_the_same() -> None:
    assert disposition(None) == "attachment"


@pytest.mark.integration
async def test_a_link_downloads_the_file_and_is_never_shown(s3: Any, bucket: str) -> None:
    store = S3MediaStore(bucket, s3)
    await store.put(KEY, MediaFile(content=b"<script>alert(1)</script>", mime_type="text/html"))

    url = await store.link(KEY, filename="page.html", ttl_seconds=300)

    async with httpx.AsyncClient() as client:
        answer = await client.get(url)
    assert answer.content == b"<script>alert(1)</script>"
    asked = parse_qs(urlsplit(url).query)
    assert asked["response-content-disposition"][0].startswith("attachment;")
    assert int(asked.get("X-Amz-Expires", asked.get("Expires", ["0"]))[0]) > 0


@pytest.mark.integration
async def test_the_type_is_kept_with_the_file(s3: Any, bucket: str) -> None:
    await S3MediaStore(bucket, s3).put(KEY, MediaFile(content=b"OggS", mime_type="audio/ogg; codecs=opus"))

    assert s3().head_object(Bucket=bucket, Key=KEY)["ContentType"] == "audio/ogg; codecs=opus"


@pytest.mark.integration
async def test_a_bucket_that_is_not_there_is_an_outage(s3: Any) -> None:
    with pytest.raises(StoreUnavailable):
        await S3MediaStore("no-such-bucket", s3).put(KEY, MediaFile(content=b"x", mime_type="text/plain"))

"""What every MediaStore promises."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws.s3_media import S3MediaStore
from shared.domain.media import MediaFile
from shared.errors import NotFound
from shared.ports.media import MediaStore
from tests.contracts.conftest import REAL
from tests.fakes.media import FakeMediaStore

KEY = "media/2026/03/02/whatsapp/0190-1/0"
PICTURE = MediaFile(content=b"\x89PNG\r\n\x1a\n...", mime_type="image/png")


@pytest.fixture(params=["fake", REAL])
def store(request: pytest.FixtureRequest) -> MediaStore:
    if request.param == "fake":
        return FakeMediaStore()
    bucket = request.getfixturevalue("bucket")
    s3: Any = request.getfixturevalue("s3")
    s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return S3MediaStore(bucket, s3)


async def test_a_file_comes_back_as_it_was_put(store: MediaStore) -> None:
    await store.put(KEY, PICTURE)

    assert await store.get(KEY) == PICTURE


async def test_putting_a_file_again_is_safe(store: MediaStore) -> None:
    await store.put(KEY, PICTURE)
    await store.put(KEY, PICTURE)

    assert await store.get(KEY) == PICTURE


async def test_there_is_nothing_under_a_key_that_was_never_used(store: MediaStore) -> None:
    with pytest.raises(NotFound):
        await store.get(KEY)


async def test_deleting_removes_every_version(store: MediaStore) -> None:
    await store.put(KEY, PICTURE)
    await store.put(KEY, PICTURE)

    removed = await store.delete([KEY])

    assert removed == 2
    with pytest.raises(NotFound):
        await store.get(KEY)


async def test_deleting_leaves_keys_that_only_begin_alike(store: MediaStore) -> None:
    await store.put(KEY, PICTURE)
    await store.put(f"{KEY}1", PICTURE)

    removed = await store.delete([KEY])

    assert removed == 1
    assert await store.get(f"{KEY}1") == PICTURE


async def test_deleting_what_is_not_there_is_no_error(store: MediaStore) -> None:
    assert await store.delete([KEY, f"{KEY}1"]) == 0

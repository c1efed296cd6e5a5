"""A folder that is made as a bucket is, without touching what is somebody's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.exporting.folder import fetch
from local.exporting.questions import views

HOUR = "exports/calls/dt=2026-03-02/hour=09"


class Bucket:
    """As much of an S3 client as is needed."""

    def __init__(self, **files: bytes) -> None:
        self.files = {
            f"{HOUR}/{name.replace('_gz', '.jsonl.gz').replace('part_', 'part-')}": files[name] for name in files
        }
        self.downloads: list[str] = []

    def get_paginator(self, _name: str) -> Bucket:
        return self

    def paginate(self, **_given: Any) -> list[dict[str, Any]]:
        at = datetime(2026, 3, 2, tzinfo=UTC)
        return [{"Contents": [{"Key": k, "Size": len(v), "LastModified": at} for k, v in self.files.items()]}]

    def download_file(self, _bucket: str, key: str, file: str) -> None:
        self.downloads.append(key)
        Path(file).write_bytes(self.files[key])


def brought(bucket: Bucket, folder: Path) -> tuple[int, int]:
    client: Any = bucket
    return fetch(lambda: client, "b", folder)


def test_what_is_new_is_brought_once_and_what_went_is_taken_away(tmp_path: Path) -> None:
    bucket = Bucket(part_00001_gz=b"one", part_00002_gz=b"two")
    first, second = brought(bucket, tmp_path), brought(bucket, tmp_path)
    bucket.files.popitem()

    third = brought(bucket, tmp_path)

    assert (first, second, third) == ((2, 0), (0, 0), (0, 1))
    assert [file.name for file in tmp_path.rglob("*.gz")] == ["part-00001.jsonl.gz"]


def test_the_file_that_says_an_hour_is_whole_comes_behind_all_parts(tmp_path: Path) -> None:
    bucket = Bucket()
    bucket.files = {f"{HOUR}/_manifest.json": b"{}", f"{HOUR}/part-00001.jsonl.gz": b"one"}

    brought(bucket, tmp_path)

    assert [key.rpartition("/")[2] for key in bucket.downloads] == ["part-00001.jsonl.gz", "_manifest.json"]


@pytest.mark.parametrize("name", ["thesis.txt", "calls/list.csv", "calls/dt=2026-03-02/hour=09/notes.md"])
def test_other_files_of_the_folder_are_left_alone(tmp_path: Path, name: str) -> None:
    own = tmp_path / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("mine")

    brought(Bucket(part_00001_gz=b"one"), tmp_path)

    assert own.read_text() == "mine"


@pytest.mark.parametrize("name", ["../../../evil", "/{outside}/evil", "calls/", ""])
def test_a_key_that_leads_out_of_the_folder_or_is_no_file_is_not_followed(tmp_path: Path, name: str) -> None:
    bucket, folder = Bucket(), tmp_path / "exports"
    bucket.files["exports/" + name.format(outside=str(tmp_path).strip("/"))] = b"x"

    assert brought(bucket, folder) == (0, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_quote_in_its_name_is_read_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "Asha's"
    brought(Bucket(part_00001_gz=b"one"), folder)

    assert "Asha''s/calls/" in views(folder)

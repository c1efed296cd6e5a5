"""Exports in a folder: what a bucket has and the folder has not is brought over, and what went is taken away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain.export import FOLDER, Dataset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MANIFEST = "_manifest.json"
_UNFINISHED = ".partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHour:
    """An hour that is complete, as its manifest tells."""

    dataset: str
    starts_at: str
    rows: int
    bytes: int
    personal_data: str


class DirectoryExportFiles:
    """Implements `ExportFiles` over a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put_part(self, key: str, body: bytes) -> None:
        """See `ExportFiles.put_part`."""
        self._put(key, body)

    async def put_manifest(self, key: str, body: bytes) -> None:
        """See `ExportFiles.put_manifest`."""
        self._put(key, body)

    def _put(self, key: str, body: bytes) -> None:
        file = self._folder / key.removeprefix(FOLDER)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def fetch(client: Callable[[], S3Client], bucket: str, folder: Path) -> tuple[int, int]:
    """Make the folder as the bucket is; how many files were brought, and how many taken away."""
    lying = {str(file.relative_to(folder)): file for file in files_in(folder)}
    brought = 0
    for entry in _objects(client(), bucket):
        name = entry["Key"].removeprefix(FOLDER)
        file, known = folder / name, lying.pop(name, None)
        changed_at = entry["LastModified"].timestamp()
        if known is not None and known.stat().st_size == entry["Size"] and known.stat().st_mtime >= changed_at:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        # Under another name until it is whole, so that nobody reads half a file.
        partial = file.with_name(f"{file.name}{_UNFINISHED}")
        client().download_file(bucket, entry["Key"], str(partial))
        partial.replace(file)
        brought += 1
    for gone in lying.values():
        gone.unlink()
    return brought, len(lying)


def files_in(folder: Path) -> list[Path]:
    """The files in a folder that are exports; whatever else lies there is somebody's own."""
    names = ("part-*.jsonl.gz", "_manifest.json")
    return [file for dataset in Dataset for name in names for file in folder.glob(f"{dataset}/dt=*/hour=*/{name}")]


def hours_in(folder: Path) -> list[KeptHour]:
    """The complete hours in a folder, oldest first."""
    told = (json.loads(file.read_text()) for file in folder.glob(f"*/*/*/{_MANIFEST}"))
    found = [
        KeptHour(
            dataset=one["dataset"],
            starts_at=one["from"],
            rows=one["rows"],
            bytes=sum(part["bytes"] for part in one["parts"]),
            personal_data=one["personal_data"],
        )
        for one in told
    ]
    order = [*Dataset]
    return sorted(found, key=lambda hour: (hour.starts_at, order.index(Dataset(hour.dataset))))


def _objects(client: S3Client, bucket: str) -> Iterator[dict[str, Any]]:
    """Manifests last: who breaks off has none of an hour that is not whole."""
    manifests: list[dict[str, Any]] = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER):
        for entry in page.get("Contents", []):
            if entry["Key"].endswith(f"/{_MANIFEST}"):
                manifests.append(dict(entry))
            elif _stays_within(entry["Key"].removeprefix(FOLDER)):
                yield dict(entry)
    yield from (entry for entry in manifests if _stays_within(entry["Key"].removeprefix(FOLDER)))


def _stays_within(name: str) -> bool:
    """Whether it names a file below the folder. A key may name any file of this machine, or a folder; ours do not."""
    parts = name.split("/")
    return all(parts) and ".." not in parts

"""Keeps the objects in S3 through the death of the AWS emulator.

moto holds everything in memory. This middleware compares the emulator's objects with files after every request that may
have changed them and writes the difference before the answer leaves, so that what a client was told is stored survives
kill -9. Not kept: older versions of an object and uploads in parts that are not complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.s3.models import S3Backend, s3_backends

from local.template import ACCOUNT_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


RESTORE_SECONDS = 30.0


class DurableApplication:
    """The emulator's WSGI application, with S3 written through to a folder."""

    def __init__(self, application: WSGIApplication, directory: Path) -> None:
        self._application = application
        self._objects = ObjectFiles(directory / "s3")
        self._lock = threading.Lock()
        self._is_restored = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; those about objects wait until the earlier ones are back in their place."""
        is_about_objects = _is_for_s3(environ)
        if is_about_objects and "/" in environ.get("PATH_INFO", "").strip("/"):
            self._is_restored.wait(RESTORE_SECONDS)
        answer = list(self._application(environ, start_response))
        if is_about_objects and environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            with self._lock:
                self._objects.store()
        return answer

    def restore(self) -> None:
        """Put back what an earlier process stored; the buckets must exist."""
        with self._lock:
            self._objects.restore()
        self._is_restored.set()


class ObjectFiles:
    """The latest version of every object: one file for the content, one for what belongs to it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stored: dict[Path, str] = {}

    def store(self) -> None:
        """Write new and changed objects, remove deleted ones."""
        current: dict[Path, str] = {}
        for bucket, name, key in self._objects_in_memory():
            file = self._directory / bucket / hashlib.sha256(name.encode()).hexdigest()
            current[file] = f"{key.etag} {key.last_modified.isoformat()}"
            if self._stored.get(file) != current[file]:
                self._write(file, name, key)
        for file in self._stored.keys() - current.keys():
            file.unlink(missing_ok=True)
            file.with_suffix(".json").unlink(missing_ok=True)
        self._stored = current

    def restore(self) -> None:
        """Put the objects of the folder into the emulator."""
        backend = _s3()
        for description in sorted(self._directory.glob("*/*.json")):
            known = json.loads(description.read_text())
            if description.parent.name not in backend.buckets:
                continue
            content = description.with_suffix("").read_bytes()
            key = backend.put_object(description.parent.name, known["key"], content, etag=known["etag"])
            key.set_metadata(known["metadata"])
            key.last_modified = datetime.fromisoformat(known["last_modified"])
        self.store()

    def _objects_in_memory(self) -> Iterator[tuple[str, str, Any]]:
        for bucket in list(_s3().buckets.values()):
            for name in list(bucket.keys):
                # Another request may have deleted it meanwhile.
                key = bucket.keys.get(name)
                if hasattr(key, "value"):  # Not a delete marker.
                    yield bucket.name, name, key

    def _write(self, file: Path, name: str, key: Any) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(file, key.value)
        known = {
            "key": name,
            "etag": key.etag.strip('"'),
            "metadata": dict(key.metadata),
            "last_modified": key.last_modified.isoformat(),
        }
        _replace(file.with_suffix(".json"), json.dumps(known).encode())


def _is_for_s3(environ: WSGIEnvironment) -> bool:
    """The credential scope of a signed request names its service, in a header or in a presigned address."""
    scope = environ.get("HTTP_AUTHORIZATION", "") + environ.get("QUERY_STRING", "").replace("%2F", "/")
    return "/s3/aws4_request" in scope


def _replace(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.write_bytes(content)
    os.replace(unfinished, file)  # noqa: PTH105 - the short form of an atomic exchange.


def _s3() -> S3Backend:
    return s3_backends[ACCOUNT_ID]["aws"]

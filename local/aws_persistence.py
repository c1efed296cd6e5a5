"""Keeps what the AWS emulator must not forget: objects in S3 and messages in queues.

moto holds everything in memory. This middleware compares the emulator's state with files after every request that may
have changed it and writes the difference before the answer leaves, so that what a client was told is stored survives
kill -9. Not kept: older versions of an object, uploads in parts that are not complete, receive counts (a queued message
is visible again after a restart), and every other service.
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
from moto.sqs.models import Message, SQSBackend, sqs_backends

from local.template import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


RESTORE_SECONDS = 30.0


class DurableApplication:
    """The emulator's WSGI application, with S3 and SQS written through to a folder."""

    def __init__(self, application: WSGIApplication, directory: Path) -> None:
        self._application = application
        self._objects = ObjectFiles(directory / "s3")
        self._messages = MessageFiles(directory / "sqs")
        # moto rebuilds its list of messages when one is deleted; a message sent meanwhile would be lost.
        self._lock = threading.RLock()
        self._is_restored = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; those about messages and objects wait until the earlier ones are back in their place."""
        service = _service(environ)
        if _is_about_content(environ, service):
            self._is_restored.wait(RESTORE_SECONDS)
        if service == "sqs" and not environ.get("HTTP_X_AMZ_TARGET", "").endswith("ReceiveMessage"):
            with self._lock:
                answer = list(self._application(environ, start_response))
                self._messages.store()
            return answer
        answer = list(self._application(environ, start_response))
        with self._lock:
            if service == "sqs":
                self._messages.store()  # Receiving too often moves a message to the dead-letter queue.
            elif service == "s3" and environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
                self._objects.store()
        return answer

    def restore(self) -> None:
        """Put back what an earlier process stored; buckets and queues must exist."""
        with self._lock:
            self._objects.restore()
            self._messages.restore()
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
            for name, key in list(bucket.keys.items()):
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


class MessageFiles:
    """One file per message that is still queued, named so that they sort in the order sent."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stored: dict[str, Path] = {}
        self._sequence = 0

    def store(self) -> None:
        """Write new messages, remove deleted ones."""
        queued = {
            f"{queue.name}/{message.id}": (queue.name, message)
            for queue in list(_sqs().queues.values())
            for message in list(queue._messages)  # noqa: SLF001 - the public property hides messages in flight.
        }
        for name in self._stored.keys() - queued.keys():
            self._stored.pop(name).unlink(missing_ok=True)
        for name, (queue_name, message) in queued.items():
            if name not in self._stored:
                self._sequence += 1
                self._stored[name] = self._write(queue_name, message)

    def restore(self) -> None:
        """Queue the messages of the folder again, in the order they were sent.

        Their files stay as they are: an emulator that dies meanwhile must lose none of them.
        """
        backend = _sqs()
        for file in sorted(self._directory.glob("*/*.json"), key=lambda file: file.name):
            known = json.loads(file.read_text())
            self._sequence = max(self._sequence, int(file.name.partition("-")[0]))
            if file.parent.name not in backend.queues:
                file.unlink()
            else:
                message = Message(known["id"], known["body"])
                message.group_id, message.deduplication_id = known["group_id"], known["deduplication_id"]
                message.sequence_number, message.message_attributes = known["sequence_number"], known["attributes"]
                message.mark_sent()
                backend.queues[file.parent.name].add_message(message)
                self._stored[f"{file.parent.name}/{message.id}"] = file
        self.store()

    def _write(self, queue_name: str, message: Message) -> Path:
        file = self._directory / queue_name / f"{self._sequence:012}-{message.id}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        known = {
            "id": message.id,
            "body": message.body,
            "group_id": message.group_id,
            "deduplication_id": message.deduplication_id,
            "sequence_number": message.sequence_number,
            "attributes": message.message_attributes,
        }
        _replace(file, json.dumps(known).encode())
        return file


def _service(environ: WSGIEnvironment) -> str:
    """The service a signed request is for: the credential scope names it, in a header or in a presigned address."""
    scope = environ.get("HTTP_AUTHORIZATION", "") + environ.get("QUERY_STRING", "").replace("%2F", "/")
    return next((service for service in ("s3", "sqs") if f"/{service}/aws4_request" in scope), "")


def _is_about_content(environ: WSGIEnvironment, service: str) -> bool:
    """Whether a request is about messages or objects, not about the queues and buckets that hold them."""
    if service == "sqs":
        return "Message" in environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return service == "s3" and "/" in environ.get("PATH_INFO", "").strip("/")


def _replace(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.write_bytes(content)
    os.replace(unfinished, file)  # noqa: PTH105 - the short form of an atomic exchange.


def _s3() -> S3Backend:
    return s3_backends[ACCOUNT_ID]["aws"]


def _sqs() -> SQSBackend:
    return sqs_backends[ACCOUNT_ID][REGION]

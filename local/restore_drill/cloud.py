"""The AWS emulator of the drill: the bucket and the secrets outlive the database, as they do in AWS."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import child_process
from local.aws_emulator import ATTRIBUTES_FILE
from local.aws_resources import Attributes, aws_client
from local.configuration import SECRETS
from local.layout import REPOSITORY
from local.ports import HOST, free_port
from local.restore_drill.bucket import VersionedBucket
from local.running_stack import NotRunning
from shared.adapters.aws.database_secret import DatabaseSecret
from shared.adapters.aws.s3 import S3RecordingStore
from shared.domain.credentials import Credentials

START_SECONDS = 120
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What the drill uses of it."""

    endpoint_url: str
    attributes: Attributes

    @property
    def bucket(self) -> VersionedBucket:
        """The bucket of the recordings."""
        return VersionedBucket(self._client("s3"), self.attributes["DataBucket"]["Ref"])

    @property
    def recordings(self) -> S3RecordingStore:
        """The platform's own store over it."""
        client = self._client("s3")
        return S3RecordingStore(self.attributes["DataBucket"]["Ref"], lambda: client)

    @property
    def database_secret(self) -> DatabaseSecret:
        """The platform's own reader of the passwords of the database's user."""
        client = self._client("secretsmanager")
        return DatabaseSecret(lambda: client, self.attributes["DatabaseUserSecret"]["Ref"])

    def rotate(self, credentials: Credentials) -> None:
        """Make these the current ones in the secret; those before stay readable."""
        held = json.dumps({"username": credentials.username, "password": credentials.password})
        secret_id = self.attributes["DatabaseUserSecret"]["Ref"]
        self._client("secretsmanager").put_secret_value(SecretId=secret_id, SecretString=held)

    def _client(self, service: str) -> Any:
        return aws_client(service, self.endpoint_url)


@contextmanager
def starting_cloud(directory: Path, *, log: Path) -> Iterator[Callable[[], Cloud]]:
    """Start the emulator with the template's resources in `directory` and end it; the objects stay there.

    What it yields waits until everything is there, and raises NotRunning if it did not start.
    """
    directory.mkdir(parents=True)
    secrets = directory / "secrets.json"
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps(SECRETS))
    port = free_port()
    command = [sys.executable, "-m", "local.aws_emulator", "--port", str(port), "--directory", str(directory)]
    command += ["--secrets", str(secrets), "--template", str(REPOSITORY / "template.yaml")]
    process = child_process.spawn(command, log=log, cwd=REPOSITORY)
    try:
        yield lambda: Cloud(
            endpoint_url=f"http://{HOST}:{port}", attributes=_wait(process, directory / ATTRIBUTES_FILE, log)
        )
    finally:
        child_process.stop(process)


def _wait(process: subprocess.Popen[bytes], created: Path, log: Path) -> Attributes:
    deadline = time.monotonic() + START_SECONDS
    while not created.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotRunning(f"the AWS emulator did not start; see {log}")
        time.sleep(_POLL_SECONDS)
    attributes: Attributes = json.loads(created.read_text())
    return attributes

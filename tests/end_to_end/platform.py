"""One running copy of the platform, and what the tests ask of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pg8000.native
from sqlalchemy import make_url

from local.ports import free_port
from local.running_stack import RunningStack

Found = TypeVar("Found")
REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 300
STOP_SECONDS = 60


class Platform:
    """A copy that is ready."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def facts(self) -> dict[str, Any]:
        """What stack.json says now; process ids change when a process is replaced."""
        facts: dict[str, Any] = json.loads((self.directory / "stack.json").read_text())
        return facts

    def stack(self) -> RunningStack:
        """The same as the commands see it."""
        return RunningStack(self.facts)

    async def get(self, path: str, **params: str) -> httpx.Response:
        """Ask the API as an operator."""
        facts = self.facts
        headers = {"authorization": f"Bearer {facts['api_token']}"}
        async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=10) as client:
            return await client.get(path, params=params, headers=headers)

    async def data(self, path: str, **params: str) -> Any:
        """The data of a successful answer."""
        response = await self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def post_meta(self, body: bytes, *, signature: str | None = None) -> httpx.Response:
        """Post a webhook as Meta does."""
        facts = self.facts
        digest = hmac.new(facts["whatsapp_app_secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-hub-signature-256": f"sha256={digest}" if signature is None else signature,
        }
        async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
            return await client.post("/webhooks/messages/whatsapp", content=body, headers=headers)


def rows(platform: Platform, query: str, **values: Any) -> list[Any]:
    """Look into the platform's database."""
    url = make_url(platform.facts["database_url"])
    connection = pg8000.native.Connection(
        url.username or "", password=url.password, host=url.host or "", port=url.port or 0, database=url.database
    )
    try:
        found: list[Any] = connection.run(query, **values)
        return found
    finally:
        connection.close()


async def eventually(look: Callable[[], Awaitable[Found | None]], *, seconds: float = 30) -> Found:
    """What `look` finds once it finds something; the platform works at its own pace."""
    deadline = time.monotonic() + seconds
    pause_seconds = 0.05
    while (found := await look()) is None:
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, 0.5)
    return found


@contextmanager
def running_platform(directory: Path, **settings: str) -> Iterator[Platform]:
    """Start a copy of its own, with its own data and ports, and end it."""
    log = directory / "up.log"
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "local", "up", "--port", str(free_port()), "--directory", str(directory)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, directory, log)
        yield Platform(directory)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait_until_ready(process: subprocess.Popen[bytes], directory: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (directory / "stack.json").exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)

"""Stores and providers are known by their certificates: a wrong one, or none, and not a word is said."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, make_url, text

from local.self_signed import write_certificate
from shared.adapters.media_download import MediaDownload, MediaHosts
from shared.adapters.models.openai_client import OpenAICompatibleClient
from shared.adapters.postgres.engine import Database
from shared.adapters.provider_access import ProviderAccess, bearer_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.redis.client import cache_operation, connect_cluster
from shared.errors import ModelUnavailable, ProviderRejected, ProviderUnavailable, StoreUnavailable
from shared.ports.secrets import FixedSecrets
from tests.fakes.store_door import Door, cache_door, certificate_of_postgres, postgres_door

HOST = "127.0.0.1"
WRONG = ["unknown authority", "wrong name", "expired", "no TLS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What the server shows, and whom the client trusts."""

    server: ssl.SSLContext | None
    trusted: str


def certificates(folder: Path, wrong: str | None = None) -> Certificates:
    """Right ones, or with something wrong about them."""
    shown, key, other = folder / "shown.pem", folder / "shown.key", folder / "other.pem"
    if wrong == "wrong name":
        write_certificate(shown, key, host="elsewhere.example", address="127.0.0.9")
    else:
        write_certificate(shown, key, ends_in_days=-1 if wrong == "expired" else 1)
    write_certificate(other, folder / "other.key")
    if wrong == "no TLS":
        return Certificates(server=None, trusted=str(shown))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(shown, key)
    return Certificates(server=server, trusted=str(other if wrong == "unknown authority" else shown))


def read_one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


@asynccontextmanager
async def database_behind(database_url: str, known: Certificates) -> AsyncIterator[tuple[Database, Door]]:
    url = make_url(database_url)
    with postgres_door(url.port or 0, known.server) as door:
        address = url.set(host=HOST, port=door.port).render_as_string(hide_password=False)
        database = Database(address, pool_size=1, ca_file=known.trusted, socket_timeout_seconds=5)
        yield database, door
        await database.close()


@pytest.mark.integration
@pytest.mark.requirement("5.5")
async def test_a_database_with_the_right_certificate_is_talked_to(tmp_path: Path, database_url: str) -> None:
    # Without a door: SCRAM binds the sign-in to the certificate, so that even a trusted stranger would be noticed.
    trusted = tmp_path / "server.pem"
    trusted.write_text(certificate_of_postgres(make_url(database_url).port or 0))
    database = Database(database_url, pool_size=1, ca_file=str(trusted))

    assert await database.run(read_one) == 1

    await database.close()


@pytest.mark.integration
@pytest.mark.requirement("5.5")
@pytest.mark.parametrize("wrong", WRONG)
async def test_a_database_with_a_wrong_certificate_hears_nothing(tmp_path: Path, database_url: str, wrong: str) -> None:
    async with database_behind(database_url, certificates(tmp_path, wrong)) as (database, door):
        with pytest.raises(StoreUnavailable):
            await database.run(read_one)

    assert (door.handshakes, door.in_clear) == (0, b"")


async def ask_cache(port: int, trusted: str) -> None:
    client = connect_cluster(f"rediss://{HOST}:{port}", ca_file=trusted)
    try:
        async with cache_operation():
            await client.get("a-key")
    finally:
        await client.aclose()


@pytest.mark.integration
@pytest.mark.requirement("5.5")
async def test_a_cache_with_the_right_certificate_is_talked_to(tmp_path: Path, cache_url: str) -> None:
    known = certificates(tmp_path)
    with cache_door(urlsplit(cache_url).port or 0, known.server) as door, suppress(StoreUnavailable):
        # Its answer names the nodes themselves, which speak no TLS: beyond the door the client finds nobody.
        await ask_cache(door.port, known.trusted)

    assert door.handshakes > 0


@pytest.mark.integration
@pytest.mark.requirement("5.5")
@pytest.mark.parametrize("wrong", WRONG)
async def test_a_cache_with_a_wrong_certificate_hears_nothing(tmp_path: Path, cache_url: str, wrong: str) -> None:
    known = certificates(tmp_path, wrong)
    with cache_door(urlsplit(cache_url).port or 0, known.server) as door, pytest.raises(StoreUnavailable):
        await ask_cache(door.port, known.trusted)

    assert door.handshakes == 0
    # What comes in clear is the client's first word of TLS (RFC 8446, section 5.1), again and again, and no command.
    assert not door.in_clear or door.in_clear.startswith(b"\x16\x03")
    assert b"CLUSTER" not in door.in_clear


class Provider:
    """A server that notes whether anybody spoke to it."""

    def __init__(self) -> None:
        self.heard = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard += await reader.read(10_000)
        writer.close()


async def post_to_provider(url: str) -> None:
    access = bearer_access(lambda: "hush-hush", FixedSecrets())
    client = ProviderClient(
        base_url=url, explain=lambda *_: ProviderRejected("No.", provider_code="1"), access=access, sleep=no_pause
    )
    with pytest.raises(ProviderUnavailable):
        await client.post("/messages", json={"text": "Hello"})
    await client.aclose()


async def ask_model(url: str) -> None:
    client = OpenAICompatibleClient(base_url=url, access=bearer_access(lambda: "hush-hush", FixedSecrets()))
    with pytest.raises(ModelUnavailable):
        await client.post("/chat/completions", {})
    await client.aclose()


async def download_file(url: str) -> None:
    access = ProviderAccess(headers=lambda: {"authorization": "Bearer hush-hush"})
    download = MediaDownload(MediaHosts(api_base_url=url, trusted=(), public=()), access=access, sleep=no_pause)
    with pytest.raises(ProviderUnavailable):
        await download(f"{url}/file", limit_bytes=1000)
    await download.aclose()


async def no_pause(_seconds: float) -> None:
    """Nobody waits in tests."""


@pytest.mark.parametrize("ask", [post_to_provider, ask_model, download_file])
@pytest.mark.parametrize("wrong", ["unknown authority", "wrong name", "expired"])
async def test_a_provider_that_cannot_show_who_it_is_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: object, wrong: str
) -> None:
    known = certificates(tmp_path, wrong)
    monkeypatch.setenv("SSL_CERT_FILE", known.trusted)
    provider = Provider()
    server = await asyncio.start_server(provider.serve, HOST, 0, ssl=known.server)
    port = server.sockets[0].getsockname()[1]

    await ask(f"https://{HOST}:{port}")  # type: ignore[operator]

    server.close()
    assert provider.heard == b""

"""The database's password is changed by its rotation function while the application signs in, again and again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from sqlalchemy import Connection, Engine, make_url, text

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.rotating_secret import SecretsManagerRotation
from shared.adapters.postgres.application_users import PostgresApplicationUsers
from shared.adapters.postgres.engine import Database
from shared.errors import StoreUnavailable
from shared.use_cases.rotate_password import RotatePassword
from shared.wiring import environment, stores
from tests.end_to_end.platform import eventually
from tests.functions.loading import load_function
from tests.functions.rotate_secret.test_app import STEPS, begin_rotation, call, current

pytestmark = pytest.mark.integration
WORKERS = 4
ROWS_BETWEEN = 20
"""Are written between two rotations."""


@dataclass
class Rotation:
    """The secret and the function that rotates it."""

    module: ModuleType
    client: AwsClient
    arn: str
    versions: int = 0

    def rotate(self) -> None:
        """All four steps."""
        version_id = f"{self.versions:032d}"
        self.versions += 1
        begin_rotation(self.arn, version_id)
        for step in STEPS:
            call(self.module, step, self.arn, version_id)

    def held(self) -> tuple[str, str]:
        """User and password of the moment."""
        secret = current(self.client(), self.arn)
        return secret["username"], secret["password"]


@pytest.fixture
def rotation(aws_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rotation]:
    """A user that exists, and an application that knows the secret's name only."""
    client = AwsClient("secretsmanager", region="ap-south-1", endpoint_url=aws_url)
    value = json.dumps({"username": "vaani_app", "password": "x", "engine": "postgres"})
    arn = client().create_secret(Name="user-of-the-application", SecretString=value)["ARN"]
    url = make_url(database_url)
    users = PostgresApplicationUsers(database_url, owner=lambda: (url.username or "", url.password or ""))
    function = load_function("rotate_secret", rotate_password=RotatePassword(SecretsManagerRotation(client), users))
    made = Rotation(function, client, arn)
    made.rotate()
    for name, given in {
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": aws_url,
        "DATABASE_SECRET_ARN": arn,
        "DATABASE_HOST": url.host or "",
        "DATABASE_PORT": str(url.port),
        "DATABASE_NAME": url.database or "",
        "REDIS_URL": "redis://127.0.0.1:1",
        "PUBLIC_BASE_URL": "https://agents.example.in",
    }.items():
        monkeypatch.setenv(name, given)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    _forget()
    yield made
    _forget()


def _forget() -> None:
    for cached in (environment.settings, environment._provider, stores.database_secret, stores.database):
        cached.cache_clear()


@dataclass
class Application:
    """Writes rows over connections that stay and over new ones, each of which signs in."""

    written: int = 0
    failures: list[StoreUnavailable] = field(default_factory=list)
    is_over: bool = False

    async def work(self, name: str) -> None:
        """Write one row after the other."""
        number = 0
        while not self.is_over:
            url, credentials = stores.database_address()
            new = Database(url, pool_size=1, credentials=credentials, renewed_credentials=stores.renewed_credentials)
            for database in (stores.database(), new):
                number += 1
                await self._write(database, f"{name}-{number}")
            await new.close()

    async def _write(self, database: Database, user_id: str) -> None:
        def add(connection: Connection) -> None:
            connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('test', :id)"), {"id": user_id})

        try:
            await database.run(add)
        except StoreUnavailable as failure:
            self.failures.append(failure)
        else:
            self.written += 1

    async def go_on(self) -> None:
        """Return when many more rows are written."""
        wanted = self.written + ROWS_BETWEEN

        async def is_so() -> bool | None:
            return self.written >= wanted or None

        await eventually(is_so, seconds=60)


@asynccontextmanager
async def working() -> AsyncIterator[Application]:
    """An application at work until the block is left."""
    application = Application()
    async with asyncio.TaskGroup() as group:
        for number in range(WORKERS):
            group.create_task(application.work(f"worker-{number}"))
        await application.go_on()
        yield application
        application.is_over = True
    await stores.database().close()


async def signs_in(user: str, password: str) -> bool:
    url, _ = stores.database_address()
    database = Database(url, pool_size=1, credentials=lambda: (user, password))
    try:
        await database.run(lambda connection: connection.execute(text("SELECT 1")).scalar_one())
    except StoreUnavailable:
        return False
    finally:
        await database.close()
    return True


@pytest.mark.requirement("5.4")
async def test_no_row_is_lost_or_doubled_while_the_password_changes_three_times(
    rotation: Rotation, postgres_admin: Engine
) -> None:
    held = [rotation.held()]

    async with working() as application:
        for _ in range(3):
            await asyncio.to_thread(rotation.rotate)
            held.append(rotation.held())
            await application.go_on()

    assert application.failures == []
    with postgres_admin.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM users WHERE channel = 'test'")).scalar_one()
    assert kept == application.written
    assert len({password for _, password in held}) == 4
    # The two users take turns, so the last two passwords open and those of before do not.
    assert [await signs_in(*known) for known in held] == [False, False, True, True]

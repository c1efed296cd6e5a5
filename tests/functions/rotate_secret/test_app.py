"""The whole rotation on a real PostgreSQL and an emulated Secrets Manager, by the events that AWS sends."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from moto.secretsmanager.models import secretsmanager_backends
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.rotating_secret import SecretsManagerRotation
from shared.adapters.postgres.application_users import PostgresApplicationUsers
from shared.adapters.postgres.engine import driver_url, make_engine
from shared.errors import StoreUnavailable
from shared.use_cases.rotate_password import RotatePassword
from tests.functions.loading import load_function

EVENTS = Path(__file__).parents[3] / "events" / "rotate_secret"
STEPS = ("create_secret", "set_secret", "test_secret", "finish_secret")

pytestmark = pytest.mark.integration


@pytest.fixture
def secrets_manager(aws_url: str) -> AwsClient:
    return AwsClient("secretsmanager", region="ap-south-1", endpoint_url=aws_url)


@pytest.fixture
def secret_id(secrets_manager: AwsClient) -> str:
    made = secrets_manager().create_secret(
        Name="database-user", SecretString=json.dumps({"username": "vaani_app", "password": "x", "engine": "postgres"})
    )
    return str(made["ARN"])


@pytest.fixture
def module(database_url: str, secrets_manager: AwsClient) -> ModuleType:
    url = make_url(database_url)
    users = PostgresApplicationUsers(database_url, owner=lambda: (url.username or "", url.password or ""))
    return load_function(
        "rotate_secret", rotate_password=RotatePassword(SecretsManagerRotation(secrets_manager), users)
    )


def begin_rotation(secret_id: str, version_id: str) -> None:
    """Label a version that has no value yet, as Secrets Manager does; the emulator does so only for its own Lambda."""
    secret = secretsmanager_backends["123456789012"]["ap-south-1"].secrets[secret_id]
    secret.versions[version_id] = {"createdate": 0, "version_id": version_id, "version_stages": ["AWSPENDING"]}


def call(module: ModuleType, step: str, secret_id: str, version_id: str) -> None:
    event = json.loads((EVENTS / f"{step}.json").read_text())
    module.handler(event | {"SecretId": secret_id, "ClientRequestToken": version_id}, None)


def current(client: Any, secret_id: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(
        client.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")["SecretString"]
    )
    return value


def signed_in_as(database_url: str, secret: dict[str, str]) -> str:
    """Sign in, and use a table as the application does."""
    url = driver_url(database_url).set(username=secret["username"], password=secret["password"])
    engine = make_engine(
        url.render_as_string(hide_password=False), pool_size=1, ca_file=None, credentials=None, socket_timeout_seconds=5
    )
    try:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('test', gen_random_uuid()::text)"))
            return str(connection.execute(text("SELECT current_user")).scalar_one())
    finally:
        engine.dispose()


@pytest.mark.requirement("5.4")
def test_the_password_is_replaced_and_the_last_one_still_works(
    module: ModuleType, secrets_manager: AwsClient, secret_id: str, database_url: str
) -> None:
    held: list[dict[str, str]] = []

    for version_id in (f"{number:032d}" for number in range(3)):
        begin_rotation(secret_id, version_id)
        for step in STEPS:
            call(module, step, secret_id, version_id)
        held.append(current(secrets_manager(), secret_id))

    assert [signed_in_as(database_url, secret) for secret in held[1:]] == ["vaani_app", "vaani_app_twin"]
    assert len({secret["password"] for secret in held}) == 3
    assert {secret["engine"] for secret in held} == {"postgres"}
    with pytest.raises(SQLAlchemyError):
        signed_in_as(database_url, held[0])


def test_the_application_may_use_tables_but_not_change_them(
    module: ModuleType, secrets_manager: AwsClient, secret_id: str, database_url: str
) -> None:
    begin_rotation(secret_id, "0" * 32)
    for step in STEPS:
        call(module, step, secret_id, "0" * 32)
    secret = current(secrets_manager(), secret_id)
    url = driver_url(database_url).set(username=secret["username"], password=secret["password"])
    engine = make_engine(
        url.render_as_string(hide_password=False), pool_size=1, ca_file=None, credentials=None, socket_timeout_seconds=5
    )

    with pytest.raises(SQLAlchemyError, match="must be owner"), engine.begin() as connection:
        connection.execute(text("DROP TABLE messages CASCADE"))

    engine.dispose()


def test_a_rotation_without_a_working_password_keeps_the_old_one(
    module: ModuleType, secrets_manager: AwsClient, secret_id: str
) -> None:
    before = current(secrets_manager(), secret_id)
    begin_rotation(secret_id, "1" * 32)
    call(module, "create_secret", secret_id, "1" * 32)

    with pytest.raises(StoreUnavailable):
        call(module, "test_secret", secret_id, "1" * 32)

    assert current(secrets_manager(), secret_id) == before


def test_a_reading_user_reads_everything_and_writes_nothing(
    module: ModuleType, secrets_manager: AwsClient, database_url: str
) -> None:
    value = {"username": "vaani_reader", "access": "read", "password": "x"}
    made = secrets_manager().create_secret(Name="database-reader", SecretString=json.dumps(value))
    begin_rotation(made["ARN"], "0" * 32)
    for step in STEPS:
        call(module, step, made["ARN"], "0" * 32)
    secret = current(secrets_manager(), made["ARN"])
    url = driver_url(database_url).set(username=secret["username"], password=secret["password"])
    engine = make_engine(
        url.render_as_string(hide_password=False), pool_size=1, ca_file=None, credentials=None, socket_timeout_seconds=5
    )

    with engine.begin() as connection:
        found = connection.execute(text("SELECT count(*) FROM messages")).scalar_one()

    assert (secret["username"], secret["access"], found) == ("vaani_reader_twin", "read", 0)
    for change in ("INSERT INTO users (channel, user_id) VALUES ('test', 'x')", "DELETE FROM messages"):
        with pytest.raises(SQLAlchemyError, match="permission denied"), engine.begin() as connection:
            connection.execute(text(change))
    engine.dispose()

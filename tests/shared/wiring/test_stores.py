"""Which user signs in to the database while its password rotates."""

from __future__ import annotations

import json

import pytest

from shared.adapters.aws.client import AwsClient
from shared.wiring import environment, stores

pytestmark = pytest.mark.integration


def secret(name: str) -> str:
    return json.dumps({"username": name, "password": f"password-of-{name}"})


@pytest.fixture
def client(aws_url: str) -> AwsClient:
    return AwsClient("secretsmanager", region="ap-south-1", endpoint_url=aws_url)


@pytest.fixture
def arn(client: AwsClient, aws_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    made: str = client().create_secret(Name="user-in-rotation", SecretString=secret("vaani_app"))["ARN"]
    for name, value in {
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": aws_url,
        "DATABASE_SECRET_ARN": made,
        "DATABASE_HOST": "proxy.example",
        "REDIS_URL": "redis://127.0.0.1:1",
        "PUBLIC_BASE_URL": "https://agents.example.in",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(environment, "settings", environment.settings.__wrapped__)
    monkeypatch.setattr(stores, "settings", environment.settings)
    # Its client would be that of the emulator of an earlier test.
    environment._provider.cache_clear()
    stores.database_secret.cache_clear()
    return made


def test_after_a_rotation_the_new_user_is_read_at_once(client: AwsClient, arn: str) -> None:
    _, held = stores.database_address()
    assert held is not None
    assert held()[0] == "vaani_app"
    client().put_secret_value(SecretId=arn, SecretString=secret("vaani_app_twin"))

    renewed = stores.renewed_credentials(*held())

    assert renewed == ("vaani_app_twin", "password-of-vaani_app_twin")
    assert held() == renewed


def test_a_proxy_that_is_behind_gets_the_user_of_before(client: AwsClient, arn: str) -> None:
    _, held = stores.database_address()
    assert held is not None
    client().put_secret_value(SecretId=arn, SecretString=secret("vaani_app_twin"))
    assert held()[0] == "vaani_app_twin"

    renewed = stores.renewed_credentials(*held())

    assert renewed == ("vaani_app", "password-of-vaani_app")
    # The next connection begins with the current user again.
    assert held()[0] == "vaani_app_twin"


def test_before_the_first_rotation_there_is_only_one_user(arn: str) -> None:
    assert stores.renewed_credentials("vaani_app", "password-of-vaani_app")[0] == "vaani_app"


def test_who_was_refused_after_another_had_been_told_gets_the_same_answer(client: AwsClient, arn: str) -> None:
    _, held = stores.database_address()
    assert held is not None
    refused = held()
    client().put_secret_value(SecretId=arn, SecretString=secret("vaani_app_twin"))

    answers = [stores.renewed_credentials(*refused) for _ in range(2)]

    assert [user for user, _ in answers] == ["vaani_app_twin"] * 2

"""Credentials of tools are read by name, kept for minutes, and say nothing when they are wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.aws.tool_secrets import AGE_SECONDS, SecretsManagerToolSecrets
from shared.errors import StoreUnavailable

PREFIX = "vaani-test/tools/"


# It keeps what it has read about services, which takes longer than a test.
SESSION: Any = boto3.session.Session()


class Counting:
    """A client that counts how often it is asked."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked = 0

    def get_secret_value(self, **named: Any) -> Any:
        self.asked += 1
        return self.client.get_secret_value(**named)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield SESSION.client("secretsmanager", region_name="ap-south-1")


def keep(manager: Any, value: object, name: str = f"{PREFIX}clinic-office") -> None:
    manager.create_secret(Name=name, SecretString=value if isinstance(value, str) else json.dumps(value))


@pytest.fixture
def counting(manager: Any) -> Counting:
    return Counting(manager)


@pytest.fixture
def secrets(counting: Counting) -> SecretsManagerToolSecrets:
    return SecretsManagerToolSecrets(lambda: counting, prefix=PREFIX, clock=lambda: 0.0)  # type: ignore[arg-type, return-value]


async def test_the_header_of_a_secret_is_read_under_the_prefix(
    manager: Any, secrets: SecretsManagerToolSecrets
) -> None:
    keep(manager, {"header": "Authorization", "value": "Bearer hush-hush"})

    assert await secrets.header("clinic-office") == ("authorization", "Bearer hush-hush")


async def test_what_lies_outside_the_prefix_is_not_found(manager: Any, secrets: SecretsManagerToolSecrets) -> None:
    keep(manager, {"header": "authorization", "value": "Bearer hush-hush"}, "vaani-test/provider")

    assert await secrets.header("provider") is None
    assert await secrets.header("../provider") is None


async def test_it_is_asked_for_again_after_some_minutes(manager: Any, counting: Counting) -> None:
    now = 0.0
    secrets = SecretsManagerToolSecrets(lambda: counting, prefix=PREFIX, clock=lambda: now)  # type: ignore[arg-type, return-value]
    keep(manager, {"header": "x-key", "value": "one"})
    await secrets.header("clinic-office")
    await secrets.header("clinic-office")
    asked_at_first = counting.asked
    manager.put_secret_value(
        SecretId=f"{PREFIX}clinic-office", SecretString=json.dumps({"header": "x-key", "value": "two"})
    )

    now = AGE_SECONDS + 1.0

    assert asked_at_first == 1
    assert await secrets.header("clinic-office") == ("x-key", "two")


async def test_one_that_was_missing_is_found_as_soon_as_it_is_there(
    manager: Any, secrets: SecretsManagerToolSecrets
) -> None:
    before = await secrets.header("clinic-office")
    keep(manager, {"header": "x-key", "value": "one"})

    assert (before, await secrets.header("clinic-office")) == (None, ("x-key", "one"))


@pytest.mark.parametrize(
    "held",
    [
        "hush-hush",
        "[]",
        {"header": "authorization"},
        {"header": "authorization", "value": 7},
        {"header": "", "value": "hush-hush"},
        {"header": "host", "value": "hush-hush"},
        {"header": "Idempotency-Key", "value": "hush-hush"},
        {"header": "x y", "value": "hush-hush"},
        {"header": "x-key", "value": "hush-hush\r\nhost: evil.example"},
        {"header": "x-key", "value": ""},
    ],
    ids=str,
)
async def test_one_that_is_no_header_is_as_good_as_none_and_not_logged(
    manager: Any, secrets: SecretsManagerToolSecrets, held: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keep(manager, held)

    assert await secrets.header("clinic-office") is None

    assert "hush-hush" not in caplog.text


async def test_a_service_that_refuses_for_other_reasons_is_down(manager: Any) -> None:
    class Throttled:
        def get_secret_value(self, **_named: Any) -> Any:
            raise manager.exceptions.InternalServiceError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")

    secrets = SecretsManagerToolSecrets(Throttled, prefix=PREFIX)  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable):
        await secrets.header("clinic-office")

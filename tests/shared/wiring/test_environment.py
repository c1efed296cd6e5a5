"""Secrets of the settings are those of the moment, in checks of what comes in and in what the logs hide."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared import observability
from shared.adapters.aws.client import AwsClient
from shared.adapters.whatsapp import whatsapp_channel
from shared.domain.message import DeliveryStatus
from shared.errors import SignatureInvalid
from shared.http_contract import HTTPRequest
from shared.settings import SettingsInvalid
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.wiring import environment
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist

pytestmark = pytest.mark.integration
OLD, NEW, OTHER = "the-old-app-secret", "the-new-app-secret", "a-channels-secret"
RULE = BlockingRule(failures_before_block=10, failure_window_seconds=300, block_seconds=900)


class Keeper:
    """Secrets Manager with the two secrets of a stack."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client
        self.held: dict[str, str] = {"whatsapp_app_secret": OLD, "whatsapp_verify_token": "verify-me"}
        client().create_secret(Name="provider", SecretString=json.dumps(self.held))
        client().create_secret(Name="pseudonym", SecretString=json.dumps({"pseudonym_key": "k" * 64}))

    def change(self, **values: str) -> None:
        """Put fields into the provider secret."""
        self.held |= values
        self._client().put_secret_value(SecretId="provider", SecretString=json.dumps(self.held))

    def ruin(self) -> None:
        """Put something into it that is no JSON."""
        self._client().put_secret_value(SecretId="provider", SecretString="{twilio_auth_token")


@pytest.fixture
def keeper(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    made = Keeper(AwsClient("secretsmanager", region="ap-south-1", endpoint_url=aws_url))
    for name, value in {
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": aws_url,
        "DATABASE_URL": "postgresql://vaani@db/vaani",
        "REDIS_URL": "redis://127.0.0.1:1",
        "PUBLIC_BASE_URL": "https://agents.example.in",
        "PROVIDER_SECRET_ARN": "provider",
        "PSEUDONYM_SECRET_ARN": "pseudonym",
    }.items():
        monkeypatch.setenv(name, value)
    environment.settings.cache_clear()
    environment._provider.cache_clear()
    yield made
    environment.settings.cache_clear()
    environment._provider.cache_clear()


def post(secret: str) -> HTTPRequest:
    digest = hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()
    return HTTPRequest(
        method="POST",
        path="/webhooks/messages/whatsapp",
        body=b"{}",
        headers={"x-hub-signature-256": f"sha256={digest}"},
        source_ip="203.0.113.9",
    )


async def is_let_in(guard: GuardSource, prove: Any, secret: str) -> bool:
    try:
        await guard(post(secret), prove, webhook="whatsapp")
    except SignatureInvalid:
        return False
    return True


@pytest.mark.requirement("5.2")
async def test_a_post_that_is_signed_with_the_new_secret_is_let_in_and_the_old_one_is_not(keeper: Keeper) -> None:
    settings = environment.settings()
    channel = whatsapp_channel(settings, environment.now)
    guard = GuardSource(FakeBlocklist(FrozenClock()), RULE, secrets=settings.secret_source)
    assert await is_let_in(guard, channel.verify, OLD)

    keeper.change(whatsapp_app_secret=NEW)

    assert await is_let_in(guard, channel.verify, NEW)
    assert not await is_let_in(guard, channel.verify, OLD)


async def test_a_secret_of_an_added_channel_is_that_of_the_moment_too(keeper: Keeper) -> None:
    settings = environment.settings()
    keeper.change(channel_settings=json.dumps({"pigeon": {"secret": OTHER}}))

    assert await settings.secret_source.renew(await settings.secret_source.refresh())

    assert settings.of_channel("pigeon") == {"secret": OTHER}


async def test_what_was_changed_is_hidden_in_logs_like_what_it_was_before(
    keeper: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = environment.settings()
    keeper.change(whatsapp_app_secret=NEW)
    await settings.secret_source.renew(await settings.secret_source.refresh())

    observability.logger.warning("careless", text=f"first {OLD} then {NEW}", status=DeliveryStatus.SENT)

    logged = capsys.readouterr().out
    assert "first [redacted] then [redacted]" in logged


@pytest.mark.parametrize("unusable", [{"channel_settings": '{"pigeon"'}, None])
async def test_a_secret_that_cannot_be_used_changes_nothing(keeper: Keeper, unusable: dict[str, str] | None) -> None:
    settings = environment.settings()
    if unusable is None:
        keeper.ruin()
    else:
        keeper.change(whatsapp_app_secret=NEW, **unusable)

    assert not await settings.secret_source.renew(await settings.secret_source.refresh())

    assert settings.whatsapp_app_secret.get_secret_value() == OLD
    assert settings.of_channel("pigeon") == {}


def test_without_its_secret_a_process_does_not_start(keeper: Keeper) -> None:
    keeper.ruin()

    with pytest.raises(SettingsInvalid):
        environment.settings()


def test_changing_the_secrets_of_a_provider_changes_no_pseudonym(keeper: Keeper) -> None:
    environment.settings()
    before = observability.user_hash("919800000001")
    keeper.change(whatsapp_app_secret=NEW)
    environment.settings.cache_clear()

    environment.settings()

    assert observability.user_hash("919800000001") == before


def test_live_secrets_are_in_no_representation(keeper: Keeper) -> None:
    settings = environment.settings()

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert OLD not in shown
    assert "k" * 64 not in shown
    assert keeper.held["whatsapp_app_secret"] == settings.whatsapp_app_secret.get_secret_value()

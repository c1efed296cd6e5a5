"""Signing in to the cache with a role, and what the user of the template may then do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from redis.asyncio.cluster import RedisCluster
from redis.credentials import CredentialProvider
from redis.exceptions import NoPermissionError

from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.context import RedisContextStore
from shared.adapters.redis.counters import RedisBlocklist, RedisConnectionCounter, RedisRateCounter
from shared.adapters.redis.role_sign_in import RoleSignIn
from shared.domain.conversation import ConversationKey
from shared.errors import StoreUnavailable
from tests.template.stack import source


def role() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="signing-key",
        aws_session_token="of-the-role",
        region_name="ap-south-1",
    )


async def test_a_token_is_a_signed_request_to_connect_without_its_scheme() -> None:
    sign_in = RoleSignIn(role, user="vaani-app", cache_name="vaani-cache")

    user, token = await sign_in.get_credentials_async()

    request = urlsplit(f"//{token}")
    query = {name: values[0] for name, values in parse_qs(request.query).items()}
    assert user == "vaani-app"
    assert (request.netloc, request.path) == ("vaani-cache", "/")
    assert (query["Action"], query["User"], query["X-Amz-Expires"]) == ("connect", "vaani-app", "900")
    assert query["X-Amz-Credential"].endswith("/ap-south-1/elasticache/aws4_request")
    assert query["X-Amz-Security-Token"] == "of-the-role"
    assert len(query["X-Amz-Signature"]) == 64


def test_without_a_role_the_cache_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    session = role()
    monkeypatch.setattr(session, "get_credentials", lambda: None)

    with pytest.raises(StoreUnavailable):
        RoleSignIn(lambda: session, user="vaani-app", cache_name="vaani-cache").get_credentials()


class Password(CredentialProvider):
    """Stands in for a token: only ElastiCache itself can check one."""

    def get_credentials(self) -> tuple[str, str]:
        return "vaani-app", "a-password"

    async def get_credentials_async(self) -> tuple[str, str]:
        return self.get_credentials()


@pytest.fixture
async def client_with_rights_of_the_template(cache: Any, cache_url: str) -> Any:
    rights = source()["Resources"]["CacheUser"]["Properties"]["AccessString"].split()
    await cache.execute_command("ACL SETUSER", "vaani-app", ">a-password", *rights, target_nodes=cache.ALL_NODES)
    client = connect_cluster(cache_url, credential_provider=Password())
    yield client
    await client.aclose()
    await cache.execute_command("ACL DELUSER", "vaani-app", target_nodes=cache.ALL_NODES)


@pytest.mark.integration
async def test_the_rights_of_the_template_suffice_for_the_stores(client_with_rights_of_the_template: Any) -> None:
    client = client_with_rights_of_the_template
    key = ConversationKey(channel="voice", user_id="+919800000001")

    window = await RedisRateCounter(client).hit("user", window_seconds=60)
    admission = await RedisRateCounter(client).admit("user", limit=100, window_seconds=60)
    failed = await RedisBlocklist(client).record_failure(
        "source", failures_before_block=2, window_seconds=60, block_seconds=60
    )
    is_admitted = await RedisConnectionCounter(client).take(key.user_id, "CA1", limit=3, ttl_seconds=60)
    kept = await RedisContextStore(client, ttl_seconds=60).load(key)
    added = await client.xadd("updates", {"event": "x"})

    assert (window.count, admission.count, failed.failures, is_admitted, kept) == (1, 1, 1, True, None)
    assert added


@pytest.mark.integration
async def test_the_rights_of_the_template_do_not_reach_the_servers_themselves(
    client_with_rights_of_the_template: Any,
) -> None:
    for command in (["FLUSHALL"], ["CONFIG GET", "*"], ["ACL LIST"], ["KEYS", "*"]):
        with pytest.raises(NoPermissionError):
            await client_with_rights_of_the_template.execute_command(*command, target_nodes=RedisCluster.RANDOM)

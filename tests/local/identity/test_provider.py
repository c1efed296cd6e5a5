"""The identity provider over HTTP: what a browser and the verifier of tokens need of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from local.identity import AUDIENCE
from local.identity.provider import IdentityProvider
from local.identity.tokens import Tokens
from local.ports import free_port
from shared.adapters.identity.bearer_tokens import BearerTokens
from shared.adapters.identity.signing_keys import SigningKeys
from shared.domain.access import Role
from shared.errors import Unauthenticated

TARGET = "AWSCognitoIdentityProviderService.InitiateAuth"
HEADERS = {"content-type": "application/x-amz-json-1.1", "x-amz-target": TARGET, "origin": "http://127.0.0.1:8080"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, because that takes long."""
    file = tmp_path_factory.mktemp("key") / "identity.pem"
    Tokens(file, "http://127.0.0.1:1")
    return file


@pytest.fixture
async def provider(tmp_path: Path, key: Path) -> AsyncIterator[IdentityProvider]:
    shutil.copy(key, tmp_path)
    provider = IdentityProvider(tmp_path, free_port())
    await provider.start()
    yield provider
    provider.close()


@pytest.fixture
async def client(provider: IdentityProvider) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=provider.issuer, trust_env=False, timeout=5) as client:
        yield client


async def enter(client: httpx.AsyncClient, username: str, password: object) -> httpx.Response:
    parameters = {"USERNAME": username, "PASSWORD": password}
    body = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": AUDIENCE, "AuthParameters": parameters}
    return await client.post("/", json=body, headers=HEADERS)


async def test_the_api_knows_whoever_signed_in_by_the_access_token_alone(
    provider: IdentityProvider, client: httpx.AsyncClient
) -> None:
    response = await enter(client, "admin", provider.users["admin"]["password"])

    verifier = BearerTokens(
        SigningKeys(f"{provider.issuer}/.well-known/jwks.json"), issuer=provider.issuer, audience=AUDIENCE
    )
    tokens = response.json()["AuthenticationResult"]
    assert (await verifier.verify(tokens["AccessToken"])).roles == {Role.ADMIN}
    with pytest.raises(Unauthenticated):
        await verifier.verify(tokens["IdToken"])


async def test_a_browser_may_ask_from_another_origin(client: httpx.AsyncClient) -> None:
    asked = "content-type,x-amz-target"
    preflight = await client.options(
        "/", headers={"origin": "https://a.example", "access-control-request-headers": asked}
    )
    refused = await enter(client, "admin", "wrong")

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-headers"] == asked
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-origin"] == refused.headers["access-control-allow-origin"] == "*"


async def test_a_refusal_has_the_form_of_cognito(client: httpx.AsyncClient) -> None:
    response = await enter(client, "admin", "wrong")

    assert response.status_code == 400
    assert response.json() == {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
    assert response.headers["x-amzn-errortype"] == "NotAuthorizedException:"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 60_000])
async def test_what_is_no_json_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/", content=body, headers=HEADERS)

    assert response.status_code == 400
    assert response.json()["__type"] == "SerializationException"


async def test_a_body_without_end_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/", content=b"x" * 70_000, headers=HEADERS)

    assert response.status_code == 413


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/oauth2/token"), ("DELETE", "/")])
async def test_there_is_nothing_else(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await client.request(method, path)).status_code == 404


async def test_tokens_for_programs_tell_their_role(provider: IdentityProvider) -> None:
    verifier = BearerTokens(
        SigningKeys(f"{provider.issuer}/.well-known/jwks.json"), issuer=provider.issuer, audience=AUDIENCE
    )

    caller = await verifier.verify(provider.issue("local-operator", ["operator"]))

    assert (caller.subject, caller.roles) == ("local-operator", {Role.OPERATOR})

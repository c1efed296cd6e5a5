"""Only unexpired RS256 tokens of our issuer, for us, signed with a published key, let anybody in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from shared import errors
from shared.adapters.identity.bearer_tokens import LEEWAY_SECONDS, LONGEST_TOKEN, BearerTokens
from shared.adapters.identity.signing_keys import SigningKeys
from shared.domain.access import Caller, Role
from tests.fakes.identity_provider import AUDIENCE, ISSUER, JWKS_URL, IdentityProvider


@pytest.fixture(scope="module")
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def tokens(provider: IdentityProvider) -> BearerTokens:
    return BearerTokens(SigningKeys(JWKS_URL, transport=provider.transport()), issuer=ISSUER, audience=AUDIENCE)


async def refuse(tokens: BearerTokens, token: str) -> None:
    with pytest.raises(errors.Unauthenticated, match=r"^The bearer token is not valid\.$"):
        await tokens.verify(token)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_an_access_token_tells_subject_and_roles(tokens: BearerTokens, provider: IdentityProvider) -> None:
    expiry = int(time.time()) + 600
    token = provider.token({"cognito:groups": ["operator", "night-shift"], "exp": expiry})

    caller = await tokens.verify(token)

    assert caller == Caller(
        subject="user-1", roles=frozenset({Role.OPERATOR}), proof_ends_at=datetime.fromtimestamp(expiry, UTC)
    )


async def test_a_token_without_a_foreseeable_end_tells_none(tokens: BearerTokens, provider: IdentityProvider) -> None:
    caller = await tokens.verify(provider.token({"exp": 10**14}))

    assert caller.proof_ends_at is None


@pytest.mark.parametrize("name", ["aud", "client_id"])
async def test_a_token_of_a_provider_that_tells_no_kind_names_us_either_way(
    tokens: BearerTokens, provider: IdentityProvider, name: str
) -> None:
    token = provider.token({"token_use": None, "client_id": None, name: AUDIENCE})

    assert (await tokens.verify(token)).subject == "user-1"


@pytest.mark.parametrize(("name", "seconds"), [("exp", -LEEWAY_SECONDS + 10), ("nbf", LEEWAY_SECONDS - 10)])
async def test_clocks_that_differ_by_seconds_lock_nobody_out(
    tokens: BearerTokens, provider: IdentityProvider, name: str, seconds: int
) -> None:
    assert await tokens.verify(provider.token({name: int(time.time()) + seconds}))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": int(time.time()) + 86_400},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"client_id": "another-client"},
        {"client_id": None},
        {"aud": "another-client"},
        {"sub": None},
        {"sub": 7},
        {"token_use": "refresh"},
        {"token_use": ["access"]},
        {"token_use": "id"},
        {"token_use": "id", "client_id": None, "aud": AUDIENCE},
        {"client_id": None, "aud": AUDIENCE},
        {"token_use": None, "client_id": None},
    ],
    # Without the times: workers that collect the tests in another second must name them alike.
    ids=lambda claims: ",".join(
        f"{name}:{type(value).__name__}:{value if isinstance(value, str) else ''}" for name, value in claims.items()
    ),
)
async def test_a_token_with_wrong_claims_is_refused(
    tokens: BearerTokens, provider: IdentityProvider, claims: dict[str, object]
) -> None:
    await refuse(tokens, provider.token(claims))


@pytest.mark.parametrize("groups", ["admin", {"admin": True}, [["admin"]], [7], None])
async def test_groups_that_are_no_list_of_our_roles_give_nothing(
    tokens: BearerTokens, provider: IdentityProvider, groups: object
) -> None:
    caller = await tokens.verify(provider.token({"cognito:groups": groups}))

    assert caller.roles == frozenset()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_an_unsigned_token_is_refused(tokens: BearerTokens, provider: IdentityProvider, algorithm: str) -> None:
    _, claims, _ = provider.token().split(".")

    await refuse(tokens, f"{encoded({'alg': algorithm, 'kid': 'first', 'typ': 'JWT'})}.{claims}.")


async def test_the_public_key_does_not_work_as_a_shared_secret(
    tokens: BearerTokens, provider: IdentityProvider
) -> None:
    public_pem = (
        provider.keys["first"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    _, claims, _ = provider.token().split(".")
    signed = f"{encoded({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'})}.{claims}"
    signature = base64.urlsafe_b64encode(hmac.digest(public_pem, signed.encode(), hashlib.sha256)).rstrip(b"=")

    await refuse(tokens, f"{signed}.{signature.decode()}")


async def test_another_algorithm_of_the_same_key_is_refused(tokens: BearerTokens, provider: IdentityProvider) -> None:
    claims = jwt.decode(provider.token(), options={"verify_signature": False})

    await refuse(tokens, jwt.encode(claims, provider.keys["first"], algorithm="RS512", headers={"kid": "first"}))


async def test_a_key_that_the_token_brings_along_is_not_used(tokens: BearerTokens, provider: IdentityProvider) -> None:
    attacker = IdentityProvider()
    own_key = attacker.published()["keys"][0]

    await refuse(tokens, attacker.token(headers={"jwk": own_key, "jku": "https://evil.example/jwks.json"}))


@pytest.mark.parametrize(
    "key_id", ["unknown", "../../etc/passwd", "' OR 1=1 --", "https://evil.example/key", "", None, 7]
)
async def test_a_key_id_that_is_not_published_is_refused(
    tokens: BearerTokens, provider: IdentityProvider, key_id: object
) -> None:
    header, claims, signature = provider.token().split(".")
    header = encoded({"alg": "RS256", "typ": "JWT"} | ({} if key_id is None else {"kid": key_id}))

    await refuse(tokens, f"{header}.{claims}.{signature}")


async def test_a_changed_claim_breaks_the_signature(tokens: BearerTokens, provider: IdentityProvider) -> None:
    header, _, signature = provider.token().split(".")
    claims = jwt.decode(provider.token(), options={"verify_signature": False}) | {"cognito:groups": ["admin"]}

    await refuse(tokens, f"{header}.{encoded(claims)}.{signature}")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "\u00e9.\u00e9.\u00e9", "\ud800", "x" * (LONGEST_TOKEN + 1)])
async def test_text_that_is_no_token_is_refused(tokens: BearerTokens, text: str) -> None:
    await refuse(tokens, text)

"""Bearer tokens that nobody issued, or that were issued for something else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local.identity import AUDIENCE
from local.identity.tokens import KEY_ID
from tests.attacks.listener import Listener
from tests.attacks.target import Target
from tests.attacks.verdict import assert_refused

pytestmark = pytest.mark.integration

ADMIN = ("admin",)
OF_NOBODY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
OF_ANOTHER_KIND = ec.generate_private_key(ec.SECP256R1())
LONG_AGO, FAR_AHEAD = 1_000_000_000, 4_102_444_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """A token that must open nothing."""

    name: str
    make: Callable[[Target], str]


def signed(
    target: Target, *, key: Any = None, algorithm: str = "RS256", headers: Mapping[str, object] | None = None
) -> str:
    """The claims of an admin, signed in another way."""
    stated = {"kid": KEY_ID, **(headers or {})}
    return jwt.encode(target.claims(groups=ADMIN), key or target.signing_key, algorithm=algorithm, headers=stated)


def by_hand(header: object, claims: object, signature: bytes = b"") -> str:
    """A token whose parts are what they are said to be, whether or not that makes sense."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def public_pem(target: Target) -> bytes:
    """What everybody may know of the signing key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = target.signing_key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return pem


def with_public_key_as_secret(target: Target) -> str:
    """HS256, whose secret would be the public key."""
    unsigned = by_hand({"alg": "HS256", "kid": KEY_ID, "typ": "JWT"}, target.claims(groups=ADMIN)).rpartition(".")[0]
    mac = hmac.new(public_pem(target), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def changed(target: Target) -> str:
    """An operator's token with an admin's claims."""
    head, _, signature = target.token("operator").split(".")
    payload = base64.urlsafe_b64encode(json.dumps(target.claims(groups=ADMIN)).encode()).decode().rstrip("=")
    return f"{head}.{payload}.{signature}"


def own_jwk() -> dict[str, Any]:
    """The attacker's public key."""
    key: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(OF_NOBODY.public_key(), as_dict=True)
    return {**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}


KEY_IDS = (
    "unknown",
    "",
    "../../../../dev/null",
    "/dev/null",
    "file:///dev/null",
    "' OR '1'='1",
    "x' UNION SELECT 'key'; --",
    "| sleep 5",
    "local-1\x00",
    "local-1/../local-1",
    "LOCAL-1",
    "a" * 4000,
)
FORGED = (
    *(
        Forged(
            name=f"unsigned, {algorithm!r}",
            make=lambda target, algorithm=algorithm: by_hand(  # type: ignore[misc]
                {"alg": algorithm, "kid": KEY_ID, "typ": "JWT"}, target.claims(groups=ADMIN)
            ),
        )
        for algorithm in ("none", "None", "NONE", "nOnE", "", "RS256", None, ["RS256"], {"RS256": 1})
    ),
    Forged(name="HS256 with the public key", make=with_public_key_as_secret),
    Forged(name="RS512 of the right key", make=lambda target: signed(target, algorithm="RS512")),
    Forged(name="PS256 of the right key", make=lambda target: signed(target, algorithm="PS256")),
    Forged(name="ES256", make=lambda target: signed(target, key=OF_ANOTHER_KIND, algorithm="ES256")),
    Forged(name="another key", make=lambda target: signed(target, key=OF_NOBODY)),
    Forged(
        name="a key that it brings along",
        make=lambda target: signed(target, key=OF_NOBODY, headers={"jwk": own_jwk()}),
    ),
    *(
        Forged(
            name=f"key id {key_id[:30]!r}",
            make=lambda target, key_id=key_id: signed(target, key=OF_NOBODY, headers={"kid": key_id}),  # type: ignore[misc]
        )
        for key_id in KEY_IDS
    ),
    Forged(name="key id that is a number", make=lambda target: by_hand({"alg": "RS256", "kid": 1}, target.claims())),
    Forged(name="no key id", make=lambda target: by_hand({"alg": "RS256"}, target.claims(groups=ADMIN), b"x" * 256)),
    Forged(name="critical header", make=lambda target: signed(target, headers={"crit": ["exp"], "exp": FAR_AHEAD})),
    Forged(name="expired", make=lambda target: target.token(*ADMIN, exp=LONG_AGO)),
    Forged(name="without an end", make=lambda target: target.token(*ADMIN, exp=None)),
    Forged(name="with an end in words", make=lambda target: target.token(*ADMIN, exp="never")),
    Forged(name="not yet", make=lambda target: target.token(*ADMIN, nbf=FAR_AHEAD)),
    Forged(name="issued in the future", make=lambda target: target.token(*ADMIN, iat=FAR_AHEAD)),
    Forged(name="another issuer", make=lambda target: target.token(*ADMIN, iss="https://attacker.example")),
    Forged(name="an issuer that begins alike", make=lambda target: target.token(*ADMIN, iss=target.issuer + ".evil")),
    Forged(name="no issuer", make=lambda target: target.token(*ADMIN, iss=None)),
    Forged(name="no subject", make=lambda target: target.token(*ADMIN, sub=None)),
    Forged(name="another client", make=lambda target: target.token(*ADMIN, client_id="other")),
    Forged(name="no client", make=lambda target: target.token(*ADMIN, client_id=None)),
    Forged(name="another audience beside the client", make=lambda target: target.token(*ADMIN, aud="other")),
    Forged(name="a refresh token", make=lambda target: target.token(*ADMIN, token_use="refresh")),
    Forged(
        name="an identity token",
        make=lambda target: target.token(*ADMIN, token_use="id", client_id=None, aud=AUDIENCE),
    ),
    Forged(
        name="an identity token that names a client",
        make=lambda target: target.token(*ADMIN, token_use="id"),
    ),
    Forged(name="a kind that is no text", make=lambda target: target.token(*ADMIN, token_use=["access"])),
    Forged(name="changed claims", make=changed),
    Forged(name="two parts", make=lambda target: ".".join(target.token(*ADMIN).split(".")[:2])),
    Forged(name="no signature", make=lambda target: target.token(*ADMIN).rpartition(".")[0] + "."),
    Forged(name="five parts", make=lambda target: target.token(*ADMIN) + ".a.b"),
    Forged(name="encrypted", make=lambda target: by_hand({"alg": "dir", "enc": "A256GCM"}, {}) + ".a.b"),
    Forged(name="deep JSON", make=lambda _: by_hand(json.loads("[" * 400 + "]" * 400), {})),
    Forged(name="claims that are a list", make=lambda _: by_hand({"alg": "RS256", "kid": KEY_ID}, [1], b"x" * 256)),
    Forged(name="huge", make=lambda target: target.token(*ADMIN, padding="a" * 40_000)),
    Forged(name="a path", make=lambda _: "../../etc/passwd"),
    Forged(name="words of SQL", make=lambda _: "' OR 1=1 --"),
    Forged(name="nothing", make=lambda _: ""),
)


@pytest.mark.requirement("13.5")
@pytest.mark.usefixtures("unmoved")
def test_a_forged_token_opens_nothing(target: Target, subtests: pytest.Subtests) -> None:
    for forged in FORGED:
        with subtests.test(forged.name):
            headers = [("Authorization", f"Bearer {forged.make(target)}")]

            for path in ("/api/v1/conversations", "/api/v1/agents", "/api/v1/costs"):
                answer = target.door.ask("GET", path, headers=headers)

                assert_refused(target, answer, 401, "unauthenticated")
                assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("unmoved")
def test_no_token_makes_us_fetch_a_key_from_where_it_says(target: Target, inside: Listener) -> None:
    address = f"http://{inside.host}:{inside.port}/keys"

    for header in ("jku", "x5u"):
        token = signed(target, key=OF_NOBODY, headers={header: address, "kid": address})
        answer = target.door.ask("GET", "/api/v1/agents", headers=[("Authorization", f"Bearer {token}")])
        assert_refused(target, answer, 401, "unauthenticated")

    assert inside.visits == []


ROLES_BY_WORD = (
    ({"cognito:groups": "admin"}, "groups that are a text"),
    ({"cognito:groups": {"admin": True}}, "groups that are an object"),
    ({"cognito:groups": ["Admin", "ADMIN", "admin ", "administrators"]}, "groups that look alike"),
    ({"groups": ["admin"], "roles": ["admin"], "scope": "admin", "custom:role": "admin"}, "other claims"),
    ({"cognito:groups": [["admin"]]}, "groups within groups"),
)


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize(("claims", "name"), ROLES_BY_WORD, ids=[name for _, name in ROLES_BY_WORD])
def test_only_the_groups_of_the_user_pool_are_roles(target: Target, claims: dict[str, Any], name: str) -> None:
    token = target.token(**claims)

    answer = target.ask("GET", "/api/v1/agents", token=token)

    assert_refused(target, answer, 403, "forbidden")


OTHER_SCHEMES = ("Basic YWRtaW46YWRtaW4=", "Token {token}", "{token}", "Bearer", "Bearer  ", "Bearer {token} {token}")


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize("scheme", OTHER_SCHEMES)
def test_a_token_counts_as_a_bearer_token_only(target: Target, scheme: str) -> None:
    headers = [("Authorization", scheme.replace("{token}", target.facts["admin_token"]))]

    answer = target.door.ask("GET", "/api/v1/agents", headers=headers)

    assert_refused(target, answer, 401, "unauthenticated")


@pytest.mark.usefixtures("unmoved")
def test_a_token_in_the_address_or_in_a_cookie_opens_nothing(target: Target) -> None:
    token = target.facts["admin_token"]

    for path, headers in (
        (f"/api/v1/agents?access_token={token}", []),
        (f"/api/v1/agents?token={token}", []),
        ("/api/v1/agents", [("Cookie", f"access_token={token}; Authorization=Bearer {token}")]),
        ("/api/v1/agents", [("X-Amzn-Oidc-Data", token), ("X-Amzn-Oidc-Accesstoken", token)]),
        ("/api/v1/agents", [("Authorization", "Bearer x"), ("Authorization", f"Bearer {token}")]),
    ):
        assert_refused(target, target.door.ask("GET", path, headers=headers), 401, "unauthenticated")

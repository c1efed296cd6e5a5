"""An identity provider: signs tokens, and publishes its keys as Amazon Cognito does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://cognito-idp.ap-south-1.amazonaws.com/ap-south-1_Example"
AUDIENCE = "front-end-client"
JWKS_URL = f"{ISSUER}/.well-known/jwks.json"


class IdentityProvider:
    """Keys by id. `requests` counts how often they were fetched; while `is_down`, fetching fails."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.requests = 0
        self.is_down = False
        self.add_key("first")

    def add_key(self, key_id: str) -> None:
        """Begin to publish another key."""
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(
        self,
        claims: Mapping[str, object] | None = None,
        *,
        key_id: str = "first",
        headers: Mapping[str, object] | None = None,
    ) -> str:
        """An access token; a claim given as None is left out."""
        now = int(time.time())
        content = {
            "sub": "user-1",
            "iss": ISSUER,
            "client_id": AUDIENCE,
            "token_use": "access",
            "iat": now,
            "exp": now + 300,
            **(claims or {}),
        }
        kept = {name: value for name, value in content.items() if value is not None}
        return jwt.encode(kept, self.keys[key_id], algorithm="RS256", headers={"kid": key_id, **(headers or {})})

    def published(self) -> dict[str, Any]:
        """The key set."""
        algorithm = jwt.algorithms.RSAAlgorithm
        keys = [
            {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": "RS256", "use": "sig"}
            for key_id, key in self.keys.items()
        ]
        return {"keys": keys}

    def transport(self) -> httpx.MockTransport:
        """Answers requests for the key set."""

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests += 1
            if self.is_down:
                raise httpx.ConnectError("down", request=request)
            return httpx.Response(200, json=self.published()) if str(request.url) == JWKS_URL else httpx.Response(404)

        return httpx.MockTransport(answer)

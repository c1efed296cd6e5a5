"""The tokens of a user pool: signed with a key that is kept, so they outlive a restart."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.identity import AUDIENCE

ALGORITHM = "RS256"
KEY_ID = "local-1"
KEY_BITS = 2048
SIGNED_IN_SECONDS = 3600
"""How long access and identity tokens live, as the template says of the app client."""
REFRESH_SECONDS = 24 * 3600


class TokenInvalidError(Exception):
    """Not a token of ours, or of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom tokens are for."""

    subject: str
    username: str
    groups: Sequence[str]


class Tokens:
    """Signs and reads them. Source: Amazon Cognito, "Understanding user pool JSON web tokens"."""

    def __init__(self, key_file: Path, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = _load_or_create(key_file)
        self._issuer = issuer
        self._clock = clock

    def access(self, bearer: Bearer, *, lives_seconds: int = SIGNED_IN_SECONDS) -> str:
        """What the API takes."""
        return self._sign(
            {
                "sub": bearer.subject,
                "username": bearer.username,
                "cognito:groups": list(bearer.groups),
                "client_id": AUDIENCE,
                "token_use": "access",
                "scope": "aws.cognito.signin.user.admin",
            },
            lives_seconds,
        )

    def identity(self, bearer: Bearer) -> str:
        """Who signed in, for the front end to show."""
        return self._sign(
            {
                "sub": bearer.subject,
                "cognito:username": bearer.username,
                "cognito:groups": list(bearer.groups),
                "aud": AUDIENCE,
                "token_use": "id",
            },
            SIGNED_IN_SECONDS,
        )

    def refresh(self, bearer: Bearer) -> str:
        """What gets new ones; in Cognito nobody else can read it either."""
        return self._sign({"username": bearer.username, "token_use": "refresh"}, REFRESH_SECONDS)

    def session(self, username: str, *, lives_seconds: int) -> str:
        """What joins a challenge to its answer."""
        return self._sign({"username": username, "token_use": "session"}, lives_seconds)

    def read(self, token: str, kind: str) -> dict[str, Any]:
        """The claims of a token of this kind.

        Raises:
            TokenInvalidError: forged, expired, or of another kind.
        """
        # The times are checked below, by our own clock.
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key.public_key(), algorithms=[ALGORITHM], options=options)
        except jwt.PyJWTError as error:
            raise TokenInvalidError from error
        if claims["token_use"] != kind or claims["exp"] <= self._clock():
            raise TokenInvalidError
        return claims

    def public_key(self) -> dict[str, str]:
        """The key that verifies them, as an entry of a key set."""
        key: dict[str, str] = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**key, "kid": KEY_ID, "alg": ALGORITHM, "use": "sig"}

    def _sign(self, claims: dict[str, object], lives_seconds: int) -> str:
        now = int(self._clock())
        common = {
            "iss": self._issuer,
            "iat": now,
            "auth_time": now,
            "exp": now + lives_seconds,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode({**claims, **common}, self._key, algorithm=ALGORITHM, headers={"kid": KEY_ID})


def _load_or_create(key_file: Path) -> rsa.RSAPrivateKey:
    if key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key

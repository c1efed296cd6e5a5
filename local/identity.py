"""A small identity provider: issues bearer tokens for the API and publishes the key that verifies them.

It stands in for Amazon Cognito, with the same claims, because the emulator's tokens end after an hour.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local import ports

AUDIENCE = "vaani-local-front-end"
TOKEN_SECONDS = 12 * 3600
KEY_ID = "local-1"
KEY_BITS = 2048


class IdentityProvider:
    """Issues RS256 tokens; the key is kept in a file, so tokens outlive a restart."""

    def __init__(self, key_file: Path, port: int) -> None:
        self.issuer = f"http://{ports.HOST}:{port}"
        self.key_set_url = f"{self.issuer}/.well-known/jwks.json"
        self._port = port
        self._key = _load_or_create(key_file)
        self._server: asyncio.Server | None = None

    def issue(self, subject: str, groups: Sequence[str]) -> str:
        """A token for `subject`, valid for 12 hours; the roles are its groups."""
        now = int(time.time())
        claims = {
            "sub": subject,
            "iss": self.issuer,
            "client_id": AUDIENCE,
            "token_use": "access",
            "cognito:groups": list(groups),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})

    async def start(self) -> None:
        """Publish the key set."""
        self._server = await asyncio.start_server(self._serve, ports.HOST, self._port)

    def close(self) -> None:
        """Stop publishing."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                body = json.dumps({"keys": [self._public_key()]}).encode()
                head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # Not a client of ours.
        finally:
            writer.close()

    def _public_key(self) -> dict[str, str]:
        key: dict[str, str] = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}


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

"""The identity provider's address: its key set, and Cognito's API for front ends of any origin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h11

from local import ports
from local.alb_event import Answer
from local.front_door import Connection, RequestRefusedError
from local.identity.sign_in import SignIn, SignInRefusedError
from local.identity.tokens import Bearer, Tokens
from local.identity.users import Users

TOKEN_SECONDS = 12 * 3600
"""How long the tokens live that are issued to whoever started the platform."""
KEY_SET_PATH = "/.well-known/jwks.json"
LARGEST_BODY_BYTES = 64 * 1024
_JSON = "application/x-amz-json-1.1"
# Cognito lets every origin ask: there are no cookies that a stranger's page could use.
_ANY_ORIGIN = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "x-amzn-errortype")]


class IdentityProvider:
    """Lets the people of this copy sign in, and issues tokens to whoever started it."""

    def __init__(self, directory: Path, port: int) -> None:
        """The signing key and the users are kept in `directory`."""
        self.issuer = f"http://{ports.HOST}:{port}"
        self._port = port
        self._tokens = Tokens(directory / "identity.pem", self.issuer)
        self._users = Users(directory / "users.json")
        self._sign_in = SignIn(self._tokens, self._users)
        self._server: asyncio.Server | None = None

    @property
    def users(self) -> Mapping[str, Mapping[str, object]]:
        """Names and passwords, by role."""
        return self._users.described()

    def issue(self, subject: str, groups: Sequence[str]) -> str:
        """An access token that lives for 12 hours; the roles are its groups."""
        bearer = Bearer(subject=subject, username=subject, groups=groups)
        return self._tokens.access(bearer, lives_seconds=TOKEN_SECONDS)

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, ports.HOST, self._port)

    def close(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Connection(reader, writer)
        try:
            while request := await client.next_request():
                await client.send(self._answer(request, await client.read_body(LARGEST_BODY_BYTES)))
                if not client.can_go_on():
                    return
        except RequestRefusedError as refusal:
            await client.send(refusal.answer, close=True)
        except (TimeoutError, ConnectionError, h11.LocalProtocolError):
            pass  # The client left.
        finally:
            writer.close()

    def _answer(self, request: h11.Request, body: bytes) -> Answer:
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
        method, path = request.method.decode("ascii"), request.target.decode("ascii").partition("?")[0]
        if method == "OPTIONS":
            return _preflight(headers)
        if method == "GET" and path == KEY_SET_PATH:
            return _json(200, {"keys": [self._tokens.public_key()]}, content_type="application/json")
        if method == "POST" and path == "/":
            return self._carry_out(headers.get("x-amz-target", ""), body)
        return _json(404, {"message": "There is nothing at this path."}, content_type="application/json")

    def _carry_out(self, target: str, body: bytes) -> Answer:
        try:
            values = json.loads(body)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            return _refusal("SerializationException", "")
        try:
            return _json(200, self._sign_in.answer(target, values))
        except SignInRefusedError as refusal:
            return _refusal(refusal.kind, str(refusal))


def _preflight(headers: Mapping[str, str]) -> Answer:
    allowed = headers.get("access-control-request-headers", "")
    return Answer(
        status=200,
        headers=[
            *_ANY_ORIGIN,
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", allowed),
            ("access-control-max-age", "172800"),
        ],
        body=b"",
    )


def _json(status: int, content: Mapping[str, Any], *, content_type: str = _JSON) -> Answer:
    headers = [("content-type", content_type), ("cache-control", "no-store"), *_ANY_ORIGIN]
    return Answer(status=status, headers=headers, body=json.dumps(content).encode())


def _refusal(kind: str, message: str) -> Answer:
    answer = _json(400, {"__type": kind} | ({"message": message} if message else {}))
    return Answer(status=400, headers=[*answer.headers, ("x-amzn-errortype", f"{kind}:")], body=answer.body)

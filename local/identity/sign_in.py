"""The part of Amazon Cognito's API that front ends use without credentials: to sign in, to stay so, to sign out.

Source: Amazon Cognito user pools API reference, "InitiateAuth", "RespondToAuthChallenge", "RevokeToken".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.identity import AUDIENCE
from local.identity.tokens import SIGNED_IN_SECONDS, TokenInvalidError, Tokens
from local.identity.users import User, Users, is_strong

SERVICE = "AWSCognitoIdentityProviderService"
SESSION_SECONDS = 180
FREE_ATTEMPTS = 5
"""Wrong passwords before the next try must wait: a second, then twice as long each time."""
LONGEST_WAIT_SECONDS = 900
_NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - the name of a challenge
_MOST_NAMES = 1000

Body = Mapping[str, Any]


class SignInRefusedError(Exception):
    """Cognito's kind of refusal, with the words it uses."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(slots=True)
class _Attempts:
    failed: int = 0
    not_before: float = 0.0


class SignIn:
    """Answers the operations."""

    def __init__(self, tokens: Tokens, users: Users, *, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._users = users
        self._clock = clock
        self._attempts: dict[str, _Attempts] = {}
        self._operations: dict[str, Callable[[Body], dict[str, Any]]] = {
            f"{SERVICE}.InitiateAuth": self._initiate,
            f"{SERVICE}.RespondToAuthChallenge": self._respond,
            f"{SERVICE}.RevokeToken": self._revoke,
        }

    def answer(self, target: str, body: Body) -> dict[str, Any]:
        """Carry an operation out.

        Raises:
            SignInRefusedError: as Cognito would.
        """
        operation = self._operations.get(target)
        if operation is None:
            raise SignInRefusedError("UnknownOperationException", "")
        client = _text(body, "ClientId")
        if client != AUDIENCE:
            raise SignInRefusedError("ResourceNotFoundException", f"User pool client {client} does not exist.")
        return operation(body)

    def _initiate(self, body: Body) -> dict[str, Any]:
        flow = _text(body, "AuthFlow")
        values = _texts(body, "AuthParameters")
        if flow == "USER_PASSWORD_AUTH":
            return self._by_password(_needed(values, "USERNAME"), _needed(values, "PASSWORD"))
        if flow in {"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}:
            return self._by_refresh_token(_needed(values, "REFRESH_TOKEN"))
        raise SignInRefusedError("InvalidParameterException", f"{flow} flow not enabled for this client")

    def _by_password(self, username: str, password: str) -> dict[str, Any]:
        attempts = self._attempts.get(username) or _Attempts()
        now = self._clock()
        if now < attempts.not_before:
            raise SignInRefusedError("NotAuthorizedException", "Password attempts exceeded")
        user = self._users.sign_in(username, password)
        if user is None:
            self._count_failure(username, attempts, now)
            raise SignInRefusedError("NotAuthorizedException", "Incorrect username or password.")
        self._attempts.pop(username, None)
        if user.is_temporary:
            return {
                "ChallengeName": _NEW_PASSWORD,
                "Session": self._tokens.session(username, lives_seconds=SESSION_SECONDS),
                "ChallengeParameters": {
                    "USER_ID_FOR_SRP": username,
                    "requiredAttributes": "[]",
                    "userAttributes": "{}",
                },
            }
        return self._signed_in(username, user)

    def _count_failure(self, username: str, attempts: _Attempts, now: float) -> None:
        attempts.failed += 1
        if attempts.failed >= FREE_ATTEMPTS:
            attempts.not_before = now + min(2 ** (attempts.failed - FREE_ATTEMPTS), LONGEST_WAIT_SECONDS)
        self._attempts[username] = attempts
        if len(self._attempts) > _MOST_NAMES:
            self._attempts.pop(next(iter(self._attempts)))

    def _by_refresh_token(self, token: str) -> dict[str, Any]:
        try:
            claims = self._tokens.read(token, "refresh")
        except TokenInvalidError as error:
            raise SignInRefusedError("NotAuthorizedException", "Invalid Refresh Token") from error
        if self._users.has_revoked(claims["jti"]):
            raise SignInRefusedError("NotAuthorizedException", "Refresh Token has been revoked")
        user = self._users.find(claims["username"])
        if user is None:
            raise SignInRefusedError("NotAuthorizedException", "Invalid Refresh Token")
        answer = self._signed_in(claims["username"], user)
        del answer["AuthenticationResult"]["RefreshToken"]
        return answer

    def _respond(self, body: Body) -> dict[str, Any]:
        if (challenge := _text(body, "ChallengeName")) != _NEW_PASSWORD:
            raise SignInRefusedError("InvalidParameterException", f"Challenge {challenge} is not expected.")
        try:
            claims = self._tokens.read(_text(body, "Session"), "session")
        except TokenInvalidError as error:
            raise SignInRefusedError(
                "NotAuthorizedException", "Invalid session for the user, session is expired."
            ) from error
        values = _texts(body, "ChallengeResponses")
        username, password = _needed(values, "USERNAME"), _needed(values, "NEW_PASSWORD")
        user = self._users.find(username)
        if user is None or claims["username"] != username or not user.is_temporary:
            raise SignInRefusedError("NotAuthorizedException", "Invalid session for the user.")
        if not is_strong(password):
            raise SignInRefusedError("InvalidPasswordException", "Password does not conform to policy")
        self._users.change_password(username, password)
        return self._signed_in(username, user)

    def _revoke(self, body: Body) -> dict[str, Any]:
        """Succeeds for a token that is invalid already, as Cognito does."""
        try:
            self._users.revoke(self._tokens.read(_text(body, "Token"), "refresh")["jti"])
        except TokenInvalidError:
            return {}
        return {}

    def _signed_in(self, username: str, user: User) -> dict[str, Any]:
        bearer = user.bearer(username)
        return {
            "ChallengeParameters": {},
            "AuthenticationResult": {
                "AccessToken": self._tokens.access(bearer),
                "IdToken": self._tokens.identity(bearer),
                "RefreshToken": self._tokens.refresh(bearer),
                "ExpiresIn": SIGNED_IN_SECONDS,
                "TokenType": "Bearer",
            },
        }


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        field = name[0].lower() + name[1:]
        problem = f"Value null at '{field}' failed to satisfy constraint: Member must not be null"
        raise SignInRefusedError("InvalidParameterException", f"1 validation error detected: {problem}")
    return value


def _texts(body: Body, name: str) -> Body:
    values = body.get(name)
    return values if isinstance(values, dict) else {}


def _needed(values: Body, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise SignInRefusedError("InvalidParameterException", f"Missing required parameter {name}")
    return value

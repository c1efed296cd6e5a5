"""Bearer tokens of an OpenID Connect provider such as Amazon Cognito: signed JWTs, checked here without asking it."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt

from shared import errors
from shared.adapters.identity.signing_keys import SigningKeys
from shared.domain.access import Caller, Role

ALGORITHM = "RS256"
"""The only algorithm accepted, whatever a token's header says."""
LONGEST_TOKEN = 8192
LEEWAY_SECONDS = 30
"""How far the provider's clock and ours may differ."""
_GROUPS = "cognito:groups"
_AUDIENCES = ("aud", "client_id")


class BearerTokens:
    """Verifies access tokens; an identity token tells a front end who signed in, and opens nothing here.

    Source: RFC 7519, RFC 8725, RFC 9068 and Amazon Cognito, "Verifying JSON web tokens".
    """

    def __init__(self, keys: SigningKeys, *, issuer: str, audience: str) -> None:
        """`audience` is the app client's id: `client_id` of an access token, `aud` where a token tells no kind."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def verify(self, token: str) -> Caller:
        """Check signature, issuer, audience and times; see `TokenVerifier`."""
        if len(token) > LONGEST_TOKEN:
            raise _refusal()
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise _refusal()
        try:
            claims = jwt.decode(
                token,
                key=key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                # The audience is checked below, because access tokens of Cognito name it `client_id`.
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise _refusal() from error
        if not self._is_for_us(claims):
            raise _refusal()
        return Caller(subject=str(claims["sub"]), roles=_roles(claims.get(_GROUPS)), proof_ends_at=_time(claims["exp"]))

    def _is_for_us(self, claims: dict[str, object]) -> bool:
        """Whether every claim that names an audience names us, and the one is there that its kind of token has."""
        named = [name for name in _AUDIENCES if name in claims]
        needed = _audiences_of(claims.get("token_use"))
        return any(name in needed for name in named) and all(self._names_us(claims[name]) for name in named)

    def _names_us(self, audience: object) -> bool:
        return self._audience in audience if isinstance(audience, list) else self._audience == audience


def _audiences_of(kind: object) -> tuple[str, ...]:
    """The claims that may name the audience of such a token; other providers than Cognito say no kind."""
    if kind is None:
        return _AUDIENCES
    return ("client_id",) if kind == "access" else ()


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise _refusal() from error
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise _refusal()
    return key_id


def _roles(groups: object) -> frozenset[Role]:
    """The groups that are roles of ours; unknown ones give nothing."""
    return frozenset(role for role in Role if role.value in groups) if isinstance(groups, list) else frozenset()


def _time(seconds: float) -> datetime | None:
    """None for a moment that no calendar reaches."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _refusal() -> errors.Unauthenticated:
    return errors.Unauthenticated("The bearer token is not valid.")

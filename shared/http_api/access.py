"""Bearer authentication as FastAPI dependencies."""

# No postponed annotations here: FastAPI could not resolve the dependencies that are local to a function.
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared import errors
from shared.domain.access import Caller, Role
from shared.ports.access import TokenVerifier

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="A token of the business's user pool; its groups `operator` and `admin` are the roles.",
)
Authenticate = Callable[..., Awaitable[Caller]]
LimitCaller = Callable[[Caller], Awaitable[None]]


def signed_in(verifier: TokenVerifier, limit: LimitCaller) -> Authenticate:
    """A dependency that yields the caller of a valid token, whatever the role, within what they may ask in a minute.

    A request counts once, whatever becomes of it: what the role forbids and what is invalid cost a place too.
    """

    async def caller(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        if credentials is None:
            raise errors.Unauthenticated("A bearer token is needed.")
        known = await verifier.verify(credentials.credentials)
        await limit(known)
        return known

    return caller


def with_role(authenticate: Authenticate, role: Role) -> Authenticate:
    """A dependency that yields the authenticated caller if it has the role or a higher one."""

    async def caller(known: Annotated[Caller, Depends(authenticate)]) -> Caller:
        known.require(role)
        return known

    return caller

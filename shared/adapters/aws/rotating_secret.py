"""RotatingSecret over AWS Secrets Manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.credentials import Access, Credentials, VersionStage
from shared.errors import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PASSWORD_LENGTH = 40
_MISSING = "ResourceNotFoundException"
Result = TypeVar("Result")


class SecretsManagerRotation:
    """The secret is JSON with `username`, `password` and perhaps `access`; other members are kept as they are."""

    def __init__(self, client: Callable[[], SecretsManagerClient]) -> None:
        self._client = client

    async def stage(self, secret_id: str, version_id: str) -> VersionStage | None:
        """See `RotatingSecret.stage`."""
        described = await _ask(lambda: self._client().describe_secret(SecretId=secret_id))
        if described is None:
            raise NotFound("There is no such secret.")
        stages = described.get("VersionIdsToStages", {}).get(version_id, [])
        # A version that is current may still be called pending, when a finished rotation is repeated.
        return next((stage for stage in (VersionStage.CURRENT, VersionStage.PENDING) if stage.value in stages), None)

    async def current(self, secret_id: str) -> Credentials:
        """See `RotatingSecret.current`."""
        return _credentials(await self._read_current(secret_id))

    async def pending(self, secret_id: str, version_id: str) -> Credentials | None:
        """See `RotatingSecret.pending`."""
        stage = VersionStage.PENDING.value
        found = await _ask(
            lambda: self._client().get_secret_value(SecretId=secret_id, VersionId=version_id, VersionStage=stage)
        )
        return None if found is None else _credentials(_members(found))

    async def propose(self, secret_id: str, version_id: str, username: str) -> None:
        """See `RotatingSecret.propose`."""
        random = await _ask(
            lambda: self._client().get_random_password(PasswordLength=PASSWORD_LENGTH, ExcludePunctuation=True)
        )
        if random is None:
            raise StoreUnavailable("Secrets Manager gave no password.")
        members = await self._read_current(secret_id)
        value = msgspec.json.encode({**members, "username": username, "password": random["RandomPassword"]}).decode()
        await _ask(
            lambda: self._client().put_secret_value(
                SecretId=secret_id,
                ClientRequestToken=version_id,
                SecretString=value,
                VersionStages=[VersionStage.PENDING.value],
            )
        )

    async def promote(self, secret_id: str, version_id: str) -> None:
        """See `RotatingSecret.promote`."""
        described = await _ask(lambda: self._client().describe_secret(SecretId=secret_id))
        stages = {} if described is None else described.get("VersionIdsToStages", {})
        current = next((name for name, held in stages.items() if VersionStage.CURRENT.value in held), None)
        if current == version_id:
            return
        moved: dict[str, Any] = {} if current is None else {"RemoveFromVersionId": current}
        await _ask(
            lambda: self._client().update_secret_version_stage(
                SecretId=secret_id, VersionStage=VersionStage.CURRENT.value, MoveToVersionId=version_id, **moved
            )
        )

    async def _read_current(self, secret_id: str) -> dict[str, Any]:
        stage = VersionStage.CURRENT.value
        found = await _ask(lambda: self._client().get_secret_value(SecretId=secret_id, VersionStage=stage))
        if found is None:
            raise StoreUnavailable("The secret has no current version.")
        return _members(found)


async def _ask(request: Callable[[], Result]) -> Result | None:
    """Run a request on a thread; None when what it asks for is not there."""
    try:
        return await asyncio.to_thread(request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == _MISSING:
            return None
        raise StoreUnavailable("Secrets Manager refused.") from error
    except BotoCoreError as error:
        raise StoreUnavailable("Secrets Manager gave no answer.") from error


def _members(found: Any) -> dict[str, Any]:
    # The error must not quote the value, so it is not chained.
    try:
        return msgspec.json.decode(found["SecretString"], type=dict[str, Any])
    except (KeyError, msgspec.DecodeError):
        raise StoreUnavailable("The secret is not a JSON object.") from None


def _credentials(members: dict[str, Any]) -> Credentials:
    try:
        return Credentials(
            username=str(members["username"]),
            password=str(members["password"]),
            access=Access(members.get("access", Access.WRITE)),
        )
    except (KeyError, ValueError):
        raise StoreUnavailable("The secret lacks its user or password, or names an unknown access.") from None

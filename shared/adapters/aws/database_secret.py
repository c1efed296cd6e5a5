"""Every password of the database user that may still be in use somewhere, from AWS Secrets Manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_STAGES = ("AWSCURRENT", "AWSPREVIOUS")
_MISSING = "ResourceNotFoundException"


class _UserAndPassword(msgspec.Struct, frozen=True):
    username: str
    password: str


class DatabaseSecret:
    """The versions of one secret: a restored database knows the users and passwords of the day of its backup.

    Two users take turns at rotations, which are further apart than backups are kept: one of the two versions fits.
    """

    def __init__(self, client: Callable[[], SecretsManagerClient], secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    async def sign_ins(self) -> tuple[tuple[str, str], ...]:
        """User and password of the current version, then of the one before it, if there was one.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout, or the secret is not readable.
        """
        found = [await asyncio.to_thread(self._read, stage) for stage in _STAGES]
        return tuple(sign_in for sign_in in found if sign_in is not None)

    def _read(self, stage: str) -> tuple[str, str] | None:
        try:
            text = self._client().get_secret_value(SecretId=self._secret_id, VersionStage=stage)["SecretString"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _MISSING:
                return None
            raise StoreUnavailable("Secrets Manager refused.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("Secrets Manager gave no answer.") from error
        # The error must not quote the value, so it is not chained.
        try:
            held = msgspec.json.decode(text, type=_UserAndPassword)
        except msgspec.DecodeError:
            raise StoreUnavailable("The secret lacks its user or password.") from None
        return held.username, held.password

"""Replace the database password of the application, one step at a time; every step may be repeated."""

from __future__ import annotations

from shared import errors
from shared.domain.credentials import Credentials, RotationStep, VersionStage, next_username
from shared.observability import logger
from shared.ports.credentials import DatabaseUsers, RotatingSecret


class RotatePassword:
    """Source: AWS Secrets Manager, "Lambda rotation functions" and "Rotation strategy: alternating users".

    The first rotation also makes the user, which a new database does not have.
    """

    def __init__(self, secret: RotatingSecret, users: DatabaseUsers) -> None:
        self._secret = secret
        self._users = users

    async def __call__(self, step: RotationStep, *, secret_id: str, version_id: str) -> None:
        """Do one step for a version of the secret.

        Raises:
            InvalidContent: the version is not the one that is being rotated to, or a step is missing.
            StoreUnavailable: the step is to be tried again.
        """
        stage = await self._secret.stage(secret_id, version_id)
        if stage is None:
            raise errors.InvalidContent("This version of the secret is not being rotated to.")
        if stage is VersionStage.CURRENT:
            logger.info("rotation_already_finished", step=step.value)
            return
        if step is RotationStep.CREATE:
            await self._create(secret_id, version_id)
        elif step is RotationStep.SET:
            await self._users.admit(await self._pending(secret_id, version_id))
        elif step is RotationStep.TEST:
            await self._users.sign_in(await self._pending(secret_id, version_id))
        else:
            await self._secret.promote(secret_id, version_id)
        logger.info("rotation_step_done", step=step.value)

    async def _create(self, secret_id: str, version_id: str) -> None:
        if await self._secret.pending(secret_id, version_id) is None:
            current = await self._secret.current(secret_id)
            await self._secret.propose(secret_id, version_id, next_username(current.username))

    async def _pending(self, secret_id: str, version_id: str) -> Credentials:
        pending = await self._secret.pending(secret_id, version_id)
        if pending is None:
            raise errors.InvalidContent("There is no pending password yet.")
        return pending

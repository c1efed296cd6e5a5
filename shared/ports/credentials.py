"""Changing the password with which the platform signs in to its database."""

from __future__ import annotations

from typing import Protocol

from shared.domain.credentials import Credentials, VersionStage


class RotatingSecret(Protocol):
    """The kept secret, version by version."""

    async def stage(self, secret_id: str, version_id: str) -> VersionStage | None:
        """Where the version stands; None when it has no place in a rotation.

        Raises:
            NotFound: no such secret.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def current(self, secret_id: str) -> Credentials:
        """What everybody signs in with.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout, or the secret is not readable.
        """

    async def pending(self, secret_id: str, version_id: str) -> Credentials | None:
        """What is to replace it; None when that was not decided yet.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout, or the secret is not readable.
        """

    async def propose(self, secret_id: str, version_id: str, username: str) -> None:
        """Decide on a random password for the user, and keep it as the pending version.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def promote(self, secret_id: str, version_id: str) -> None:
        """Make the pending version the current one.

        Raises:
            StoreUnavailable: nothing is known to have happened; doing it again is safe.
        """


class DatabaseUsers(Protocol):
    """The users of the database."""

    async def admit(self, credentials: Credentials) -> None:
        """Let the application sign in with these, whether or not the user exists; doing it again is safe.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def sign_in(self, credentials: Credentials) -> None:
        """Sign in and make sure of the rights that the application needs.

        Raises:
            StoreUnavailable: that is not possible.
        """

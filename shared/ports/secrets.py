"""Secrets that others change while we run: asked for when they are needed, never kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Secret = Callable[[], str]
"""Gives a secret's value of this moment; empty when there is none."""


class SecretSource(Protocol):
    """Where the values come from. An edition numbers what is at hand; it grows when something has changed."""

    async def refresh(self) -> int:
        """Read again if what is at hand is old; the edition that is at hand now.

        Never fails and never takes long: while the source gives no answer, the last known values go on.
        """

    async def renew(self, seen: int) -> bool:
        """Read again because somebody was refused with the values of edition `seen`; whether there are others now.

        However many ask, the source is asked seldom: a refusal may be a forger's doing, not a rotation's.
        """


class FixedSecrets:
    """Implements `SecretSource` for values that nobody changes while we run, such as those of the environment."""

    async def refresh(self) -> int:
        """See `SecretSource.refresh`."""
        return 0

    async def renew(self, seen: int) -> bool:  # noqa: ARG002 - the port's signature
        """See `SecretSource.renew`."""
        return False

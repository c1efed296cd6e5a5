"""Credentials of operators' own systems, by the name that a tool gives them."""

from __future__ import annotations

from typing import Protocol


class ToolSecrets(Protocol):
    """Never shown to a model, an operator or a log."""

    async def header(self, name: str) -> tuple[str, str] | None:
        """The header that proves who we are, name and value; None if there is no usable secret of this name.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def renewed_header(self, name: str, refused: tuple[str, str]) -> tuple[str, str] | None:
        """The header after its system did not accept `refused`; None if there is no other.

        Raises:
            StoreUnavailable: as above.
        """

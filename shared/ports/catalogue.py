"""What the business has decided about its agents, always as it is now."""

from __future__ import annotations

from typing import Protocol

from shared.domain.catalogue import Catalogue


class CatalogueStore(Protocol):
    """Asked with every turn, so that a change takes effect on the next one, everywhere."""

    async def current(self) -> Catalogue:
        """The catalogue in the revision that is valid at this moment.

        Raises:
            StoreUnavailable: not known whether what is kept in memory is still valid.
        """

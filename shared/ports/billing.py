"""What the cloud provider charges, and what the messaging providers count."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from shared.domain.cost import MessagesSent, MonthlyCost


class CostSource(Protocol):
    """The provider's own accounts; up to a day late."""

    async def monthly(self, *, since: date, until: date) -> tuple[MonthlyCost, ...]:
        """The months from `since` to before `until`, oldest first; both are first days of a month.

        Raises:
            ProviderUnavailable: no answer within the adapter's timeout.
        """


class MessageTally(Protocol):
    """The messages that left, by what their providers said in the statuses about them."""

    async def monthly(self, *, since: date, until: date) -> tuple[MessagesSent, ...]:
        """The counts of the months from `since` to before `until`, oldest first; both are first days of a month.

        Months begin at midnight UTC, as in the cloud provider's accounts. What did not arrive is not counted.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

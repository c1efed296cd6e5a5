"""What the cloud provider charges, what the messaging providers count, what our own rows hold, what was told of it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from shared.domain.cost import DailyCost, MessagesSent
from shared.domain.cost_anomaly import CostAnomaly
from shared.domain.cost_per_unit import MonthlyUsage


class CostSource(Protocol):
    """The provider's own accounts; up to a day late, and corrected for days that are past."""

    async def daily(self, *, since: date, until: date) -> tuple[DailyCost, ...]:
        """The days from `since` to before `until` that the accounts tell of, oldest first, each once.

        Raises:
            ProviderUnavailable: no answer within the adapter's timeout, or one that cannot be added up.
        """


class MessageTally(Protocol):
    """The messages that left, by what their providers said in the statuses about them."""

    async def monthly(self, *, since: date, until: date) -> tuple[MessagesSent, ...]:
        """The counts of the months from `since` to before `until`, oldest first; both are first days of a month.

        Months begin at midnight UTC, as in the cloud provider's accounts. What did not arrive is not counted.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """


class UsageTally(Protocol):
    """What providers charge by the unit, counted in our own rows."""

    async def of_month(self, month: date) -> MonthlyUsage:
        """The calls that began and the messages that left in a month, which begins and ends at midnight UTC.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """


class AnomalyMemory(Protocol):
    """Which surprises were found, and whether somebody was told."""

    async def load(self) -> tuple[CostAnomaly, ...]:
        """What was saved last; nothing at first.

        Raises:
            StoreUnavailable: not known.
        """

    async def save(self, anomalies: tuple[CostAnomaly, ...]) -> None:
        """Keep these instead of what was kept.

        Raises:
            StoreUnavailable: not kept; saving again is safe.
        """

"""Made-up accounts and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from shared import errors
from shared.domain.cost import DailyCost, MessagesSent
from shared.domain.cost_anomaly import CostAnomaly
from shared.domain.cost_per_unit import MonthlyUsage


@dataclass
class FakeCostSource:
    """Implements `CostSource`."""

    days: list[DailyCost] = field(default_factory=list)
    is_down: bool = False

    async def daily(self, *, since: date, until: date) -> tuple[DailyCost, ...]:
        """See `CostSource.daily`."""
        if self.is_down:
            raise errors.ProviderUnavailable("Cost Explorer gave no usable answer.")
        return tuple(day for day in self.days if since <= day.day < until)


@dataclass
class FakeMessageTally:
    """Implements `MessageTally`."""

    counts: list[MessagesSent] = field(default_factory=list)
    is_down: bool = False

    async def monthly(self, *, since: date, until: date) -> tuple[MessagesSent, ...]:
        """See `MessageTally.monthly`."""
        if self.is_down:
            raise errors.StoreUnavailable("The database gave no answer.")
        return tuple(sent for sent in self.counts if since <= sent.month < until)


@dataclass
class FakeUsageTally:
    """Implements `UsageTally`."""

    months: list[MonthlyUsage] = field(default_factory=list)
    is_down: bool = False

    async def of_month(self, month: date) -> MonthlyUsage:
        """See `UsageTally.of_month`."""
        if self.is_down:
            raise errors.StoreUnavailable("The database gave no answer.")
        return next((usage for usage in self.months if usage.month == month), MonthlyUsage(month=month))


@dataclass
class FakeAnomalyMemory:
    """Implements `AnomalyMemory`; how often it was written lies in `saves`."""

    kept: tuple[CostAnomaly, ...] = ()
    saves: int = 0
    fails_to_save: bool = False

    async def load(self) -> tuple[CostAnomaly, ...]:
        """See `AnomalyMemory.load`."""
        return self.kept

    async def save(self, anomalies: tuple[CostAnomaly, ...]) -> None:
        """See `AnomalyMemory.save`."""
        if self.fails_to_save:
            raise errors.StoreUnavailable("What was told of costs cannot be kept.")
        self.kept = anomalies
        self.saves += 1

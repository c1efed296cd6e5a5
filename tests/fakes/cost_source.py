"""Made-up accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from shared import errors
from shared.domain.cost import MessagesSent, MonthlyCost


@dataclass
class FakeCostSource:
    """Implements `CostSource`."""

    months: list[MonthlyCost] = field(default_factory=list)
    is_down: bool = False

    async def monthly(self, *, since: date, until: date) -> tuple[MonthlyCost, ...]:
        """See `CostSource.monthly`."""
        if self.is_down:
            raise errors.ProviderUnavailable("Cost Explorer gave no usable answer.")
        return tuple(month for month in self.months if since <= month.month < until)


@dataclass
class FakeMessageTally:
    """Implements `MessageTally`."""

    counts: list[MessagesSent] = field(default_factory=list)

    async def monthly(self, *, since: date, until: date) -> tuple[MessagesSent, ...]:
        """See `MessageTally.monthly`."""
        return tuple(sent for sent in self.counts if since <= sent.month < until)

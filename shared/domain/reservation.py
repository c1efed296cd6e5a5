"""Reserved capacity: how much of what runs is reserved, what buying more would save, when what is there ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

WARNED_BEFORE = timedelta(days=60)
STEADY_SHARE = Decimal("0.9")
"""Of the average of the past, below which its lowest hour must not fall for a baseline to be called steady."""
DATABASES = "Amazon Relational Database Service"
CACHES = "Amazon ElastiCache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Hours of one service that ran in a time, and how many of them were reserved.

    Attributes:
        utilisation_percent: how much of what is reserved was used; None when nothing is reserved.
    """

    service: str
    days: int
    on_demand_hours: Decimal
    reserved_hours: Decimal
    utilisation_percent: Decimal | None = None

    @property
    def percent(self) -> Decimal | None:
        """Reserved among all hours; None when nothing ran."""
        total = self.on_demand_hours + self.reserved_hours
        return None if not total else (100 * self.reserved_hours / total).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAdvice:
    """A reservation that would be cheaper than what is paid now; bought by people only.

    Attributes:
        instance: class of the nodes.
        engine: as offerings name it: postgresql, valkey, redis.
        is_multi_az: a standby is reserved with each of them.
        monthly_saving: estimated, in `currency`.
        on_demand_monthly, recurring_monthly: what these instances cost by the month without and with it.
        lookback_days: how much of the past the estimate is built on.
        lowest_used, average_used: instances in use by the hour in that past.
        is_size_flexible: it also serves other sizes of the same family, by their relative size.
        offering_id: of what is to be bought; None when it has to be looked up first.
    """

    service: str
    instance: str
    region: str
    engine: str
    is_multi_az: bool
    count: int
    term_years: int
    payment: str
    monthly_saving: Decimal
    upfront_cost: Decimal
    on_demand_monthly: Decimal
    recurring_monthly: Decimal
    currency: str
    lookback_days: int
    lowest_used: Decimal
    average_used: Decimal
    is_size_flexible: bool = False
    offering_id: str | None = None

    @property
    def is_steady(self) -> bool:
        """Whether the past justifies a promise for years: never much below its average, nor below what is advised."""
        return self.lowest_used >= self.average_used * STEADY_SHARE and self.lowest_used >= self.count

    @property
    def break_even_months(self) -> int | None:
        """After how many months of use the whole term is cheaper than these months were on demand.

        Whoever gives up the instance earlier has lost by the purchase. None when it never pays.
        """
        if self.on_demand_monthly <= 0:
            return None
        months = 12 * self.term_years
        needed = math.ceil((self.upfront_cost + months * self.recurring_monthly) / self.on_demand_monthly)
        return needed if needed <= months else None

    @property
    def look_up_command(self) -> str:
        """Prints the id of the offering."""
        if self.service == DATABASES:
            multi_az = "--multi-az" if self.is_multi_az else "--no-multi-az"
            return (
                f"aws rds describe-reserved-db-instances-offerings --region {self.region} "
                f"--db-instance-class {self.instance} --product-description {self.engine} {multi_az} "
                f"--duration {self.term_years} --offering-type '{self.payment}' "
                "--query 'ReservedDBInstancesOfferings[0].ReservedDBInstancesOfferingId' --output text"
            )
        return (
            f"aws elasticache describe-reserved-cache-nodes-offerings --region {self.region} "
            f"--cache-node-type {self.instance} --product-description {self.engine} "
            f"--duration {self.term_years} --offering-type '{self.payment}' "
            "--query 'ReservedCacheNodesOfferings[0].ReservedCacheNodesOfferingId' --output text"
        )

    @property
    def command(self) -> str:
        """Buys it, typed by a person who may; it looks the offering up first where its id is not known."""
        offering = self.offering_id or f'"$({self.look_up_command})"'
        if self.service == DATABASES:
            return (
                f"aws rds purchase-reserved-db-instances-offering --region {self.region} "
                f"--reserved-db-instances-offering-id {offering} --db-instance-count {self.count}"
            )
        return (
            f"aws elasticache purchase-reserved-cache-nodes-offering --region {self.region} "
            f"--reserved-cache-nodes-offering-id {offering} --cache-node-count {self.count}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One that was bought and is active."""

    service: str
    id: str
    instance: str
    count: int
    ends_at: datetime

    def ends_soon(self, now: datetime) -> bool:
        """Whether it is time to think about the next one; from its end on everything costs list price."""
        return now < self.ends_at <= now + WARNED_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationReport:
    """All that is known; `reservations` is None when those that exist could not be read."""

    coverage: tuple[Coverage, ...]
    advice: tuple[ReservationAdvice, ...]
    reservations: tuple[Reservation, ...] | None

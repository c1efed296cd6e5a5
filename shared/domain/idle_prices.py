"""What idle resources cost by the month: list prices of the two regions; look them up before you act on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

HOURS_PER_MONTH = 730
PRICES_OF = "2026-11"
"""When the table was written down. Source: pricing pages of the services as remembered, without tax or free tiers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for one unit of a resource; `times` makes a month of it."""

    amount: Decimal
    per: str
    times: int = 1

    @property
    def monthly(self) -> Decimal:
        """One unit for a month."""
        return self.amount * self.times


# By unit: Mumbai, Singapore.
_HOURLY: Mapping[str, tuple[str, str]] = {
    "db.t4g.micro": ("0.022", "0.025"),
    "db.t4g.small": ("0.0375", "0.050"),
    "db.t4g.medium": ("0.075", "0.100"),
    "db.t4g.large": ("0.150", "0.199"),
    "db.m7g.large": ("0.185", "0.213"),
    "db.m7g.xlarge": ("0.370", "0.426"),
    "cache.t4g.micro": ("0.0135", "0.0195"),
    "cache.t4g.small": ("0.026", "0.038"),
    "cache.t4g.medium": ("0.052", "0.077"),
    "cache.m7g.large": ("0.140", "0.156"),
    "cache.m7g.xlarge": ("0.279", "0.311"),
    "proxy_vcpu": ("0.018", "0.018"),
    "nat_gateway": ("0.056", "0.059"),
    "address": ("0.005", "0.005"),
    "endpoint_zone": ("0.013", "0.013"),
    "load_balancer": ("0.0239", "0.0252"),
    "fargate_arm_vcpu": ("0.0341", "0.0405"),
    "fargate_arm_gigabyte": ("0.0037", "0.0044"),
    "fargate_x86_vcpu": ("0.0426", "0.0506"),
    "fargate_x86_gigabyte": ("0.0047", "0.0055"),
}
_MONTHLY: Mapping[str, tuple[str, str, str]] = {
    "firewall": ("1.00", "1.00", "rule and month, a list of rules counting as five"),
    "secret": ("0.40", "0.40", "month"),
    "alarm_metric": ("0.10", "0.10", "metric and month"),
    "database_snapshot": ("0.095", "0.095", "gigabyte and month"),
    "recovery_point": ("0.095", "0.095", "gigabyte and month"),
    "volume": ("0.0912", "0.096", "gigabyte and month"),
    "stored_object": ("0.025", "0.025", "gigabyte and month"),
    "log_group": ("0.03", "0.03", "gigabyte and month"),
}
_COLUMNS = {"ap-south-1": 0, "ap-southeast-1": 1}


def price_of(unit: str, region: str) -> Price | None:
    """The price of a unit in a region; None where none is assumed."""
    column = _COLUMNS.get(region)
    if column is None:
        return None
    if unit in _HOURLY:
        return Price(amount=Decimal(_HOURLY[unit][column]), per="hour", times=HOURS_PER_MONTH)
    if unit in _MONTHLY:
        return Price(amount=Decimal(_MONTHLY[unit][column]), per=_MONTHLY[unit][2])
    if unit.startswith("fargate_"):
        return _of_tasks(unit, region)
    return None


def _of_tasks(unit: str, region: str) -> Price | None:
    """A task by its size, written `fargate_arm_1024_2048`: processor units and megabytes."""
    _, processor, cpu, memory = unit.split("_")
    vcpu = price_of(f"fargate_{processor}_vcpu", region)
    gigabyte = price_of(f"fargate_{processor}_gigabyte", region)
    if vcpu is None or gigabyte is None:
        return None
    amount = vcpu.amount * int(cpu) / 1024 + gigabyte.amount * int(memory) / 1024
    return Price(amount=amount.quantize(Decimal("0.00001")).normalize(), per="hour", times=HOURS_PER_MONTH)

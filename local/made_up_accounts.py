"""Three months of accounts that look like those of a small installation, and say in every name that they are made up.

They are the same for the same days: no chance, no clock. They hold what real accounts have: many services, fractions
of a millionth, a lower weekend, fees on the first day, a domain paid for a year, tax, a refund, one day that stands
out, and today and yesterday told only in part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zlib import crc32

LABEL = " (made up)"
HISTORY_MONTHS = 3
_WEEKEND = frozenset({5, 6})
_DIGITS = Decimal("0.0000000001")
_SATURDAY_SHARE = Decimal("0.45")
_STANDS_OUT_DAYS_AGO = 4
_SPREAD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """What a service costs on a working day, in US dollars; `swing` is how much a day may differ from another."""

    name: str
    amount: str
    swing: str = "0"
    rests_at_weekends: bool = False


_SERVICES = (
    _Service(name="Amazon Elastic Container Service", amount="1.9872000000"),
    _Service(name="Amazon Relational Database Service", amount="1.4903225806", swing="0.01"),
    _Service(name="EC2 - Other", amount="1.4104838710", swing="0.04"),
    _Service(name="Amazon Elastic Load Balancing", amount="0.7661290323", swing="0.02"),
    _Service(name="Amazon ElastiCache", amount="0.6480000000"),
    _Service(name="Amazon Virtual Private Cloud", amount="0.9840000000"),
    _Service(name="AmazonCloudWatch", amount="0.8100123400", swing="0.05"),
    _Service(name="AWS WAF", amount="0.3290322581", swing="0.01"),
    _Service(name="Amazon Transcribe", amount="2.3040000000", swing="0.25", rests_at_weekends=True),
    _Service(name="Amazon Polly", amount="0.6220800000", swing="0.25", rests_at_weekends=True),
    _Service(name="Amazon Bedrock", amount="0.0355200000", swing="0.30", rests_at_weekends=True),
    _Service(name="AWS Secrets Manager", amount="0.0516129032"),
    _Service(name="AWS Key Management Service", amount="0.0333412500", swing="0.01"),
    _Service(name="AWS Backup", amount="0.0164383562"),
    _Service(name="Amazon Simple Storage Service", amount="0.0021774000", swing="0.10"),
    _Service(name="AWS Cost Explorer", amount="0.0200000000"),
    _Service(name="AWS Lambda", amount="0.0000012000", swing="0.40"),
    _Service(name="Amazon Simple Queue Service", amount="0.0000004000", swing="0.40"),
    _Service(name="Amazon Simple Notification Service", amount="0.0000000500", swing="0.40"),
)


def made_up_days(today: date) -> Iterator[dict[str, object]]:
    """The days that accounts would tell of, in the form of Cost Explorer's `ResultsByTime`, the oldest first."""
    month = today.replace(day=1)
    first = month
    for _ in range(HISTORY_MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        amounts = {service.name: _amount(service, day, today) for service in _SERVICES}
        for name, amount in _once(day, first, today):
            amounts[name] = amounts.get(name, Decimal(0)) + amount
        yield {
            "TimePeriod": {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()},
            "Total": {},
            "Groups": [
                {
                    "Keys": [name + LABEL],
                    "Metrics": {"UnblendedCost": {"Amount": f"{amount.quantize(_DIGITS):f}", "Unit": "USD"}},
                }
                for name, amount in sorted(amounts.items())
            ],
            "Estimated": day >= month,
        }


def _amount(service: _Service, day: date, today: date) -> Decimal:
    chance = Decimal(crc32(f"{service.name} {day}".encode()) % (2 * _SPREAD + 1) - _SPREAD) / _SPREAD
    amount = Decimal(service.amount) * (1 + Decimal(service.swing) * chance)
    if service.rests_at_weekends and day.weekday() in _WEEKEND:
        amount *= _SATURDAY_SHARE
    # The accounts of the last hours come later.
    told = {today: Decimal("0.2"), today - timedelta(days=1): Decimal("0.7")}
    return amount * told.get(day, Decimal(1))


def _once(day: date, first: date, today: date) -> Iterator[tuple[str, Decimal]]:
    if day.day == 1:
        yield "Amazon Route 53", Decimal("0.5000000000")
        yield "Tax", Decimal("57.0600000000")
    if day == first + timedelta(days=11):
        yield "Amazon Registrar", Decimal("15.0000000000")
    if day == first + timedelta(days=40):
        yield "Amazon Transcribe", Decimal("-3.1200000000")
    if day == today - timedelta(days=_STANDS_OUT_DAYS_AGO):
        yield "Amazon Transcribe", Decimal("11.5200000000")

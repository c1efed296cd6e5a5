"""Accounts for tests: the made-up ones of the local platform as Cost Explorer answers them, and small ones by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from local.made_up_accounts import made_up_days
from shared.domain.cost import CostByService, DailyCost


def raw_days(today: date) -> list[dict[str, Any]]:
    """Three months up to `today`, in the form of `ResultsByTime`."""
    return [dict(day) for day in made_up_days(today)]


def days_of(raw: Sequence[Mapping[str, Any]]) -> list[DailyCost]:
    """The same as values, read without the adapter."""
    return [
        DailyCost(
            day=date.fromisoformat(day["TimePeriod"]["Start"]),
            currency="USD",
            is_estimated=day["Estimated"],
            services=tuple(
                CostByService(service=group["Keys"][0], amount=Decimal(group["Metrics"]["UnblendedCost"]["Amount"]))
                for group in day["Groups"]
            ),
        )
        for day in raw
    ]


def daily(first: date, amounts: Sequence[Mapping[str, str]], *, currency: str = "USD") -> list[DailyCost]:
    """Consecutive days, each with amounts by service."""
    return [
        DailyCost(
            day=first + timedelta(days=number),
            currency=currency,
            is_estimated=False,
            services=tuple(CostByService(service=name, amount=Decimal(amount)) for name, amount in of_day.items()),
        )
        for number, of_day in enumerate(amounts)
    ]


def steady(first: date, count: int, amount: str = "10", service: str = "Amazon RDS") -> list[DailyCost]:
    """Days that all cost the same."""
    return daily(first, [{service: amount}] * count)


def with_more(days: Sequence[DailyCost], day: date, amount: str, service: str = "Amazon RDS") -> list[DailyCost]:
    """The same days, on one of which a service cost so much more."""
    more = CostByService(service=service, amount=Decimal(amount))
    return [
        DailyCost(day=one.day, currency=one.currency, is_estimated=False, services=(*one.services, more))
        if one.day == day
        else one
        for one in days
    ]

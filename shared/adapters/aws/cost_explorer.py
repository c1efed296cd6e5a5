"""CostSource over AWS Cost Explorer. Every page costs a cent, so answers are kept for some hours."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.cost import CostByService, MonthlyCost, ReservationAdvice
from shared.errors import ProviderUnavailable

REGION = "us-east-1"
"""Where Cost Explorer answers, whatever region is asked about. Source: AWS General Reference, Cost Explorer."""
KEPT_SECONDS = 6 * 3600
MOST_PAGES = 20
_METRIC = "UnblendedCost"
_LOOKBACK_DAYS = 60
_ADVISED_SERVICES = ("Amazon Relational Database Service", "Amazon ElastiCache")
_NO_DATA = "DataUnavailableException"
Result = TypeVar("Result")


class CostExplorer:
    """Reads the accounts of the AWS account the platform runs in."""

    # The locked type stubs do not hold this service.
    def __init__(self, client: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[tuple[object, ...], tuple[float, Any]] = {}

    async def monthly(self, *, since: date, until: date) -> tuple[MonthlyCost, ...]:
        """See `CostSource.monthly`."""
        return await self._kept_or_asked((since, until), lambda: self._monthly(since, until))

    async def reservation_advice(self) -> tuple[ReservationAdvice, ...]:
        """See `CostSource.reservation_advice`."""
        return await self._kept_or_asked(("advice",), self._advice)

    async def _kept_or_asked(self, key: tuple[object, ...], ask: Callable[[], Result]) -> Result:
        found = self._kept.get(key)
        if found is not None and self._clock() - found[0] < KEPT_SECONDS:
            kept: Result = found[1]
            return kept
        try:
            asked = await asyncio.to_thread(ask)
        except (BotoCoreError, ClientError, KeyError, ValueError, InvalidOperation) as error:
            raise ProviderUnavailable("Cost Explorer gave no usable answer.") from error
        # One entry per kind of question and month: a handful at most, as old months fall out below.
        self._kept = {k: v for k, v in self._kept.items() if self._clock() - v[0] < KEPT_SECONDS}
        self._kept[key] = (self._clock(), asked)
        return asked

    def _monthly(self, since: date, until: date) -> tuple[MonthlyCost, ...]:
        amounts: defaultdict[date, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        estimated: set[date] = set()
        currency = "USD"
        # A month may be spread over pages, so amounts are added up rather than set.
        for result in self._pages(since, until):
            month = date.fromisoformat(result["TimePeriod"]["Start"])
            months = amounts[month]
            if result.get("Estimated"):
                estimated.add(month)
            for group in result.get("Groups", []):
                cost = group["Metrics"][_METRIC]
                currency = cost.get("Unit", currency)
                months[group["Keys"][0]] += Decimal(cost["Amount"])
        return tuple(
            MonthlyCost(
                month=month,
                currency=currency,
                is_estimated=month in estimated,
                services=_dearest_first(amounts[month]),
            )
            for month in sorted(amounts)
        )

    def _pages(self, since: date, until: date) -> list[Any]:
        question: dict[str, Any] = {
            "TimePeriod": {"Start": since.isoformat(), "End": until.isoformat()},
            "Granularity": "MONTHLY",
            "Metrics": [_METRIC],
            "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        }
        results: list[Any] = []
        for _ in range(MOST_PAGES):
            page = self._client().get_cost_and_usage(**question)
            results += page["ResultsByTime"]
            if not page.get("NextPageToken"):
                return results
            question["NextPageToken"] = page["NextPageToken"]
        raise ValueError("Cost Explorer does not come to an end.")

    def _advice(self) -> tuple[ReservationAdvice, ...]:
        found = [advice for service in _ADVISED_SERVICES for advice in self._advice_on(service)]
        return tuple(sorted(found, key=lambda advice: advice.monthly_saving, reverse=True))

    def _advice_on(self, service: str) -> list[ReservationAdvice]:
        try:
            answer = self._client().get_reservation_purchase_recommendation(
                Service=service, LookbackPeriodInDays="SIXTY_DAYS", TermInYears="ONE_YEAR", PaymentOption="NO_UPFRONT"
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _NO_DATA:
                return []
            raise
        details = [item for found in answer["Recommendations"] for item in found.get("RecommendationDetails", [])]
        return [_advice_of(service, item) for item in details]


def _advice_of(service: str, item: Any) -> ReservationAdvice:
    instance: dict[str, str] = next((facts for facts in item.get("InstanceDetails", {}).values() if facts), {})
    kind = instance.get("InstanceType") or instance.get("NodeType") or "unknown"
    return ReservationAdvice(
        service=service,
        instance=f"{kind} {instance.get('Region', '')}".strip(),
        count=round(Decimal(item["RecommendedNumberOfInstancesToPurchase"])),
        term_years=1,
        monthly_saving=Decimal(item["EstimatedMonthlySavingsAmount"]),
        upfront_cost=Decimal(item.get("UpfrontCost", "0")),
        currency=item.get("CurrencyCode", "USD"),
        lookback_days=_LOOKBACK_DAYS,
    )


def _dearest_first(amounts: dict[str, Decimal]) -> tuple[CostByService, ...]:
    ordered = sorted(amounts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(CostByService(service=service, amount=amount) for service, amount in ordered)

"""CostSource over AWS Cost Explorer. Every page costs a cent, so answers are kept for some hours."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from shared.adapters.aws.kept_answers import KeptAnswers
from shared.domain.cost import CostByService, MonthlyCost

MOST_PAGES = 20
_METRIC = "UnblendedCost"


class CostExplorer:
    """Reads the accounts of the AWS account the platform runs in."""

    # The locked type stubs do not hold this service.
    def __init__(self, client: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._answers = KeptAnswers(clock)

    async def monthly(self, *, since: date, until: date) -> tuple[MonthlyCost, ...]:
        """See `CostSource.monthly`."""
        return await self._answers.ask((since, until), lambda: self._monthly(since, until))

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


def _dearest_first(amounts: dict[str, Decimal]) -> tuple[CostByService, ...]:
    ordered = sorted(amounts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(CostByService(service=service, amount=amount) for service, amount in ordered)

"""CostSource over AWS Cost Explorer. Every page costs a cent, so answers are kept for some hours."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from shared.adapters.aws.kept_answers import KeptAnswers
from shared.domain.cost import EXACT, DailyCost, dearest_first

MOST_PAGES = 60
_METRIC = "UnblendedCost"


class CostExplorer:
    """Reads the accounts of the AWS account the platform runs in.

    Days are asked for, and months added up from them: then a report's months, services and days are of one answer.
    """

    # The locked type stubs do not hold this service.
    def __init__(self, client: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._answers = KeptAnswers(clock)

    async def daily(self, *, since: date, until: date) -> tuple[DailyCost, ...]:
        """See `CostSource.daily`."""
        return await self._answers.ask((since, until), lambda: self._daily(since, until))

    def _daily(self, since: date, until: date) -> tuple[DailyCost, ...]:
        amounts: defaultdict[date, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        estimated: defaultdict[date, bool] = defaultdict(bool)
        currencies: set[str] = set()
        # A day may be spread over pages, so amounts are added up rather than set.
        for result in self._pages(since, until):
            day = date.fromisoformat(result["TimePeriod"]["Start"])
            of_day = amounts[day]
            estimated[day] |= bool(result.get("Estimated"))
            for group in result.get("Groups", []):
                cost = group["Metrics"][_METRIC]
                amount = Decimal(cost["Amount"])
                # A row of nothing may lack its currency.
                currencies |= {cost["Unit"]} if amount else set()
                service = group["Keys"][0]
                of_day[service] = EXACT.add(of_day[service], amount)
        if len(currencies) > 1:
            raise ValueError("Cost Explorer tells amounts in different currencies.")
        currency = next(iter(currencies), "USD")
        return tuple(
            DailyCost(day=day, currency=currency, is_estimated=estimated[day], services=dearest_first(amounts[day]))
            for day in sorted(amounts)
        )

    def _pages(self, since: date, until: date) -> list[Any]:
        question: dict[str, Any] = {
            "TimePeriod": {"Start": since.isoformat(), "End": until.isoformat()},
            "Granularity": "DAILY",
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

"""ReservationSource over AWS Cost Explorer."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.kept_answers import KeptAnswers
from shared.domain.reservation import ReservationAdvice

_LOOKBACK_DAYS = 60
_ADVISED_SERVICES = ("Amazon Relational Database Service", "Amazon ElastiCache")
_NO_DATA = "DataUnavailableException"


class AwsReservations:
    """Implements `ReservationSource` for the AWS account the platform runs in."""

    # The locked type stubs do not hold this service.
    def __init__(self, client: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._answers = KeptAnswers(clock)

    async def advice(self) -> tuple[ReservationAdvice, ...]:
        """See `ReservationSource.advice`."""
        return await self._answers.ask("advice", self._advice)

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

"""ReservationSource over AWS Cost Explorer, RDS and ElastiCache. It asks; there is no call here that buys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws.kept_answers import KeptAnswers
from shared.domain.reservation import CACHES, DATABASES, Coverage, Reservation, ReservationAdvice, ReservationReport
from shared.observability import logger

SERVICES = ("ce", "rds", "elasticache")
COVERED_DAYS = 30
_LOOKBACK = ("SIXTY_DAYS", 60)
_TERM = ("ONE_YEAR", 1)
_PAYMENT = ("NO_UPFRONT", "No Upfront")
_NO_DATA = "DataUnavailableException"
_MOST_PAGES = 10
_REGION_NAMES = {"Asia Pacific (Mumbai)": "ap-south-1", "Asia Pacific (Singapore)": "ap-southeast-1"}
_ENGINES = {"PostgreSQL": "postgresql"}


class AwsReservations:
    """Reads what the AWS account holds and should hold in one region."""

    # The locked type stubs do not hold these services.
    def __init__(self, region: str, client: Callable[[str], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._region = region
        self._client = client
        self._answers = KeptAnswers(clock)

    async def report(self, today: date) -> ReservationReport:
        """See `ReservationSource.report`."""
        return await self._answers.ask(today, lambda: self._report(today))

    def _report(self, today: date) -> ReservationReport:
        advice = [item for service in (DATABASES, CACHES) for item in self._advice_on(service)]
        advice.sort(key=lambda item: item.monthly_saving, reverse=True)
        return ReservationReport(
            coverage=tuple(item for service in (DATABASES, CACHES) for item in self._coverage_of(service, today)),
            advice=tuple(replace(item, offering_id=self._offering_id(item)) for item in advice),
            reservations=self._reservations(),
        )

    def _coverage_of(self, service: str, today: date) -> Iterator[Coverage]:
        answer = self._asked("get_reservation_coverage", **self._period(service, today))
        if answer is None or "Total" not in answer:
            return
        hours = answer["Total"]["CoverageHours"]
        reserved = Decimal(hours["ReservedHours"])
        yield Coverage(
            service=service,
            days=COVERED_DAYS,
            on_demand_hours=Decimal(hours["OnDemandHours"]),
            reserved_hours=reserved,
            # Each question costs a cent, and what is not reserved cannot be used.
            utilisation_percent=self._utilisation_of(service, today) if reserved else None,
        )

    def _utilisation_of(self, service: str, today: date) -> Decimal | None:
        answer = self._asked("get_reservation_utilization", **self._period(service, today))
        return None if answer is None else Decimal(answer["Total"]["UtilizationPercentage"])

    def _period(self, service: str, today: date) -> dict[str, Any]:
        return {
            "TimePeriod": {"Start": (today - timedelta(days=COVERED_DAYS)).isoformat(), "End": today.isoformat()},
            "Filter": {
                "And": [
                    {"Dimensions": {"Key": "SERVICE", "Values": [service]}},
                    {"Dimensions": {"Key": "REGION", "Values": [self._region]}},
                ]
            },
        }

    def _advice_on(self, service: str) -> Iterator[ReservationAdvice]:
        question: dict[str, Any] = {
            "Service": service,
            "LookbackPeriodInDays": _LOOKBACK[0],
            "TermInYears": _TERM[0],
            "PaymentOption": _PAYMENT[0],
        }
        for _ in range(_MOST_PAGES):
            page = self._asked("get_reservation_purchase_recommendation", **question)
            if page is None:
                return
            for found in page["Recommendations"]:
                for item in found.get("RecommendationDetails", []):
                    advice = _advice_of(service, item)
                    if advice.region == self._region and advice.is_steady:
                        yield advice
            if not page.get("NextPageToken"):
                return
            question["NextPageToken"] = page["NextPageToken"]
        raise ValueError("The advice does not come to an end.")

    def _asked(self, operation: str, **question: Any) -> Any:
        """The answer; None where a new account or service has no data yet."""
        try:
            return getattr(self._client("ce"), operation)(**question)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _NO_DATA:
                return None
            raise

    def _offering_id(self, advice: ReservationAdvice) -> str | None:
        """The offering of exactly this class, engine, deployment, term and payment; None when nobody can tell."""
        question = {
            "ProductDescription": advice.engine,
            "Duration": str(advice.term_years),
            "OfferingType": advice.payment,
        }
        try:
            if advice.service == DATABASES:
                found = self._client("rds").describe_reserved_db_instances_offerings(
                    DBInstanceClass=advice.instance, MultiAZ=advice.is_multi_az, **question
                )["ReservedDBInstancesOfferings"]
                return str(found[0]["ReservedDBInstancesOfferingId"]) if found else None
            found = self._client("elasticache").describe_reserved_cache_nodes_offerings(
                CacheNodeType=advice.instance, **question
            )["ReservedCacheNodesOfferings"]
            return str(found[0]["ReservedCacheNodesOfferingId"]) if found else None
        except (BotoCoreError, ClientError, KeyError) as error:
            logger.warning("reservation_offering_unknown", reason=type(error).__name__)
            return None

    def _reservations(self) -> tuple[Reservation, ...] | None:
        try:
            databases = self._client("rds").get_paginator("describe_reserved_db_instances").paginate()
            nodes = self._client("elasticache").get_paginator("describe_reserved_cache_nodes").paginate()
            return (
                *(_of_database(item) for page in databases for item in page["ReservedDBInstances"] if _is_active(item)),
                *(_of_cache(item) for page in nodes for item in page["ReservedCacheNodes"] if _is_active(item)),
            )
        except (BotoCoreError, ClientError, KeyError) as error:
            logger.warning("reservations_unreadable", reason=type(error).__name__)
            return None


def _advice_of(service: str, item: Any) -> ReservationAdvice:
    details = item["InstanceDetails"]
    instance = details["RDSInstanceDetails"] if service == DATABASES else details["ElastiCacheInstanceDetails"]
    engine = instance.get("DatabaseEngine") or instance.get("ProductDescription") or ""
    region = instance["Region"]
    return ReservationAdvice(
        service=service,
        instance=instance.get("InstanceType") or instance["NodeType"],
        region=_REGION_NAMES.get(region, region),
        engine=_ENGINES.get(engine, engine.lower()),
        is_multi_az=instance.get("DeploymentOption") == "Multi-AZ",
        count=round(Decimal(item["RecommendedNumberOfInstancesToPurchase"])),
        term_years=_TERM[1],
        payment=_PAYMENT[1],
        monthly_saving=Decimal(item["EstimatedMonthlySavingsAmount"]),
        upfront_cost=Decimal(item.get("UpfrontCost", "0")),
        on_demand_monthly=Decimal(item["EstimatedMonthlyOnDemandCost"]),
        recurring_monthly=Decimal(item.get("RecurringStandardMonthlyCost", "0")),
        currency=item.get("CurrencyCode", "USD"),
        lookback_days=_LOOKBACK[1],
        lowest_used=Decimal(item["MinimumNumberOfInstancesUsedPerHour"]),
        average_used=Decimal(item["AverageNumberOfInstancesUsedPerHour"]),
        is_size_flexible=bool(instance.get("SizeFlexEligible")),
    )


def _is_active(item: Any) -> bool:
    return bool(item.get("State") == "active")


def _of_database(item: Any) -> Reservation:
    return Reservation(
        service=DATABASES,
        id=item["ReservedDBInstanceId"],
        instance=item["DBInstanceClass"],
        count=item["DBInstanceCount"],
        ends_at=item["StartTime"] + timedelta(seconds=item["Duration"]),
    )


def _of_cache(item: Any) -> Reservation:
    return Reservation(
        service=CACHES,
        id=item["ReservedCacheNodeId"],
        instance=item["CacheNodeType"],
        count=item["CacheNodeCount"],
        ends_at=item["StartTime"] + timedelta(seconds=item["Duration"]),
    )

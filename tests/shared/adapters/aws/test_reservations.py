"""Requests and answers are checked against the service models of botocore."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared.adapters.aws.reservations import SERVICES, AwsReservations
from shared.domain.reservation import CACHES, DATABASES, ReservationReport
from shared.errors import ProviderUnavailable

TODAY = date(2026, 11, 23)
NOTHING = {"CoveragesByTime": [], "Total": {"CoverageHours": {"OnDemandHours": "0", "ReservedHours": "0"}}}


@functools.cache
def clients() -> dict[str, Any]:
    session: Any = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
    return {name: session.client(name, region_name="ap-south-1") for name in SERVICES}


class Accounts:
    """Stubs of the services; a test says what they answer, in order."""

    def __init__(self) -> None:
        self.stubs = {name: Stubber(client) for name, client in clients().items()}

    def covers(self, *answers: dict[str, Any]) -> None:
        """Of databases, then of caches."""
        for answer in answers:
            self.stubs["ce"].add_response("get_reservation_coverage", answer)

    def advises(self, *answers: dict[str, Any]) -> None:
        """Databases, then caches."""
        for answer in answers:
            details = {"Recommendations": [{"RecommendationDetails": [answer]}] if answer else []}
            self.stubs["ce"].add_response("get_reservation_purchase_recommendation", details)

    def holds(self, databases: tuple[dict[str, Any], ...] = (), caches: tuple[dict[str, Any], ...] = ()) -> None:
        """What was bought."""
        self.stubs["rds"].add_response("describe_reserved_db_instances", {"ReservedDBInstances": list(databases)})
        self.stubs["elasticache"].add_response("describe_reserved_cache_nodes", {"ReservedCacheNodes": list(caches)})

    async def report(self) -> ReservationReport:
        """What is made of it; every answer must have been asked for."""
        for stub in self.stubs.values():
            stub.activate()
        found = await AwsReservations("ap-south-1", lambda service: clients()[service]).report(TODAY)
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    made = Accounts()
    yield made
    for stub in made.stubs.values():
        stub.deactivate()


def a_database(**given: str) -> dict[str, Any]:
    instance = {
        "Family": "db.t4g",
        "InstanceType": "db.t4g.medium",
        "Region": "ap-south-1",
        "DatabaseEngine": "PostgreSQL",
        "DeploymentOption": "Multi-AZ",
        "SizeFlexEligible": True,
    }
    return advised({"RDSInstanceDetails": instance}, **given)


def a_cache(**given: str) -> dict[str, Any]:
    node = {"NodeType": "cache.t4g.small", "Region": "Asia Pacific (Mumbai)", "ProductDescription": "Valkey"}
    return advised(
        {"ElastiCacheInstanceDetails": node},
        **{
            "RecommendedNumberOfInstancesToPurchase": "4",
            "MinimumNumberOfInstancesUsedPerHour": "4",
            "AverageNumberOfInstancesUsedPerHour": "4.1",
            "EstimatedMonthlySavingsAmount": "80.25",
            **given,
        },
    )


def advised(details: dict[str, Any], **given: str) -> dict[str, Any]:
    return {
        "InstanceDetails": details,
        "RecommendedNumberOfInstancesToPurchase": "1",
        "MinimumNumberOfInstancesUsedPerHour": "1",
        "AverageNumberOfInstancesUsedPerHour": "1",
        "EstimatedMonthlySavingsAmount": "38.21",
        "EstimatedMonthlyOnDemandCost": "109.50",
        "RecurringStandardMonthlyCost": "71.29",
        "UpfrontCost": "0",
        "CurrencyCode": "USD",
        **given,
    }


@pytest.mark.requirement("16.3")
async def test_coverage_and_use_of_thirty_days_are_asked_for_each_service_in_the_stacks_region(
    accounts: Accounts,
) -> None:
    def period(service: str) -> dict[str, Any]:
        dimensions = [{"Key": "SERVICE", "Values": [service]}, {"Key": "REGION", "Values": ["ap-south-1"]}]
        return {
            "TimePeriod": {"Start": "2026-10-24", "End": "2026-11-23"},
            "Filter": {"And": [{"Dimensions": dimension} for dimension in dimensions]},
        }

    explorer = accounts.stubs["ce"]
    accounts.advises({}, {})
    covered = {"CoveragesByTime": [], "Total": {"CoverageHours": {"OnDemandHours": "360", "ReservedHours": "1080"}}}
    explorer.add_response("get_reservation_coverage", covered, period(DATABASES))
    used = {"UtilizationsByTime": [], "Total": {"UtilizationPercentage": "97.5"}}
    explorer.add_response("get_reservation_utilization", used, period(DATABASES))
    explorer.add_response("get_reservation_coverage", NOTHING, period(CACHES))
    accounts.holds()

    databases, caches = (await accounts.report()).coverage

    assert (databases.percent, databases.utilisation_percent, databases.days) == (Decimal("75.0"), Decimal("97.5"), 30)
    # What is not reserved cannot be used, and the question would cost a cent.
    assert (caches.percent, caches.utilisation_percent) == (None, None)


@pytest.mark.requirement("16.3")
async def test_advice_comes_largest_saving_first_with_the_offering_of_exactly_that(accounts: Accounts) -> None:
    accounts.advises(a_database(), a_cache())
    accounts.covers(NOTHING, NOTHING)
    accounts.stubs["elasticache"].add_response(
        "describe_reserved_cache_nodes_offerings",
        {"ReservedCacheNodesOfferings": [{"ReservedCacheNodesOfferingId": "cache-offer"}]},
        {
            "CacheNodeType": "cache.t4g.small",
            "ProductDescription": "valkey",
            "Duration": "1",
            "OfferingType": "No Upfront",
        },
    )
    accounts.stubs["rds"].add_response(
        "describe_reserved_db_instances_offerings",
        {"ReservedDBInstancesOfferings": [{"ReservedDBInstancesOfferingId": "db-offer"}]},
        {
            "DBInstanceClass": "db.t4g.medium",
            "ProductDescription": "postgresql",
            "MultiAZ": True,
            "Duration": "1",
            "OfferingType": "No Upfront",
        },
    )
    accounts.holds()

    caches, database = (await accounts.report()).advice

    assert (caches.instance, caches.count, caches.offering_id) == ("cache.t4g.small", 4, "cache-offer")
    assert (database.instance, database.engine, database.is_multi_az) == ("db.t4g.medium", "postgresql", True)
    assert (database.offering_id, database.is_size_flexible, database.break_even_months) == ("db-offer", True, 8)


@pytest.mark.requirement("16.3")
@pytest.mark.parametrize(
    "detail",
    [a_database(MinimumNumberOfInstancesUsedPerHour="0"), a_database(AverageNumberOfInstancesUsedPerHour="1.5")],
    ids=["was off for an hour", "varied"],
)
async def test_no_advice_on_what_did_not_run_steadily(accounts: Accounts, detail: dict[str, Any]) -> None:
    accounts.advises(detail, {})
    accounts.covers(NOTHING, NOTHING)
    accounts.holds()

    assert (await accounts.report()).advice == ()


async def test_databases_of_other_regions_are_others(accounts: Accounts) -> None:
    elsewhere = a_database()
    elsewhere["InstanceDetails"]["RDSInstanceDetails"]["Region"] = "eu-west-1"
    accounts.advises(elsewhere, {})
    accounts.covers(NOTHING, NOTHING)
    accounts.holds()

    assert (await accounts.report()).advice == ()


async def test_an_offering_that_cannot_be_looked_up_is_looked_up_by_the_person(accounts: Accounts) -> None:
    accounts.advises(a_database(), {})
    accounts.covers(NOTHING, NOTHING)
    accounts.stubs["rds"].add_client_error("describe_reserved_db_instances_offerings", "AccessDenied")
    accounts.holds()

    (advice,) = (await accounts.report()).advice

    assert advice.offering_id is None
    assert '"$(aws rds describe-reserved-db-instances-offerings' in advice.command


@pytest.mark.requirement("16.3")
async def test_active_reservations_are_known_with_their_end(accounts: Accounts) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    accounts.advises({}, {})
    accounts.covers(NOTHING, NOTHING)
    database = {"ReservedDBInstanceId": "ri-db", "DBInstanceClass": "db.t4g.medium", "DBInstanceCount": 1}
    node = {"ReservedCacheNodeId": "ri-cache", "CacheNodeType": "cache.t4g.small", "CacheNodeCount": 4}
    term = {"StartTime": began, "Duration": 31536000}
    accounts.holds(
        ({**database, **term, "State": "active"}, {**database, **term, "State": "retired"}),
        ({**node, **term, "State": "active"},),
    )

    reservations = (await accounts.report()).reservations

    assert reservations is not None
    assert [(item.id, item.count, item.ends_at) for item in reservations] == [
        ("ri-db", 1, began + timedelta(days=365)),
        ("ri-cache", 4, began + timedelta(days=365)),
    ]


async def test_a_new_account_without_data_has_nothing_to_advise(accounts: Accounts) -> None:
    for operation in ("get_reservation_purchase_recommendation", "get_reservation_coverage"):
        for _ in range(2):
            accounts.stubs["ce"].add_client_error(operation, "DataUnavailableException")
    accounts.stubs["rds"].add_client_error("describe_reserved_db_instances", "AccessDenied")

    report = await accounts.report()

    assert (report.coverage, report.advice, report.reservations) == ((), (), None)


async def test_a_refusal_is_an_outage(accounts: Accounts) -> None:
    accounts.stubs["ce"].add_client_error("get_reservation_purchase_recommendation", "LimitExceededException")

    with pytest.raises(ProviderUnavailable):
        await accounts.report()


async def test_the_same_question_is_paid_for_once_in_hours(accounts: Accounts) -> None:
    accounts.advises({}, {})
    accounts.covers(NOTHING, NOTHING)
    accounts.holds()
    for stub in accounts.stubs.values():
        stub.activate()
    source = AwsReservations("ap-south-1", lambda service: clients()[service])

    first, again = await source.report(TODAY), await source.report(TODAY)

    assert first is again

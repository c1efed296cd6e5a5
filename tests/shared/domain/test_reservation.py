from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.reservation import CACHES, DATABASES, Coverage, Reservation, ReservationAdvice

ADVICE = ReservationAdvice(
    service=DATABASES,
    instance="db.t4g.medium",
    region="ap-south-1",
    engine="postgresql",
    is_multi_az=True,
    count=1,
    term_years=1,
    payment="No Upfront",
    monthly_saving=Decimal(38),
    upfront_cost=Decimal(0),
    on_demand_monthly=Decimal(100),
    recurring_monthly=Decimal(65),
    currency="USD",
    lookback_days=60,
    lowest_used=Decimal(1),
    average_used=Decimal(1),
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.requirement("16.3")
def test_coverage_is_the_share_of_reserved_hours() -> None:
    covered = Coverage(service=DATABASES, days=30, on_demand_hours=Decimal(1), reserved_hours=Decimal(2))

    assert covered.percent == Decimal("66.7")
    assert replace(covered, on_demand_hours=Decimal(0), reserved_hours=Decimal(0)).percent is None


@pytest.mark.requirement("16.3")
@pytest.mark.parametrize(
    ("lowest", "average", "count", "is_steady"),
    [("1", "1", 1, True), ("0", "1", 1, False), ("3.6", "4", 3, True), ("3.5", "4", 3, False), ("3.9", "4", 4, False)],
)
def test_only_what_ran_in_every_hour_is_steady(lowest: str, average: str, count: int, *, is_steady: bool) -> None:
    advice = replace(ADVICE, lowest_used=Decimal(lowest), average_used=Decimal(average), count=count)

    assert advice.is_steady is is_steady


@pytest.mark.parametrize(
    ("upfront", "recurring", "months"), [("0", "65", 8), ("700", "0", 7), ("350", "32", 8), ("0", "101", None)]
)
def test_break_even_is_the_month_in_which_the_whole_term_is_paid_by_what_was_saved(
    upfront: str, recurring: str, months: int | None
) -> None:
    advice = replace(ADVICE, upfront_cost=Decimal(upfront), recurring_monthly=Decimal(recurring))

    assert advice.break_even_months == months


def test_a_known_offering_is_bought_by_its_id() -> None:
    assert replace(ADVICE, offering_id="649fd0c8").command == (
        "aws rds purchase-reserved-db-instances-offering --region ap-south-1 "
        "--reserved-db-instances-offering-id 649fd0c8 --db-instance-count 1"
    )


def test_an_unknown_offering_is_looked_up_by_exact_class_engine_deployment_term_and_payment() -> None:
    assert ADVICE.look_up_command in ADVICE.command
    for part in ("db.t4g.medium", "postgresql", "--multi-az", "--duration 1", "'No Upfront'"):
        assert part in ADVICE.look_up_command
    assert "--no-multi-az" in replace(ADVICE, is_multi_az=False).look_up_command
    nodes = replace(ADVICE, service=CACHES, instance="cache.t4g.small", engine="valkey").look_up_command
    assert "aws elasticache describe-reserved-cache-nodes-offerings" in nodes


@pytest.mark.parametrize(("days", "soon"), [(61, False), (60, True), (1, True), (0, False), (-5, False)])
def test_an_end_is_near_for_sixty_days(days: int, *, soon: bool) -> None:
    reservation = Reservation(
        service=DATABASES, id="ri-1", instance="db.t4g.medium", count=1, ends_at=NOW + timedelta(days=days)
    )

    assert reservation.ends_soon(NOW) is soon

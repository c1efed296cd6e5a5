from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.idle_prices import price_of


@pytest.mark.parametrize(("region", "monthly"), [("ap-south-1", "40.880"), ("ap-southeast-1", "43.070")])
def test_an_hourly_price_is_that_of_the_region_for_730_hours(region: str, monthly: str) -> None:
    price = price_of("nat_gateway", region)

    assert price is not None
    assert price.monthly == Decimal(monthly)


def test_a_task_costs_its_processors_and_its_memory() -> None:
    price = price_of("fargate_arm_1024_2048", "ap-south-1")

    assert price is not None
    assert price.amount == Decimal("0.0415")


@pytest.mark.parametrize(
    ("unit", "region"), [("db.x9.huge", "ap-south-1"), ("nat_gateway", "eu-north-1"), ("", "ap-south-1")]
)
def test_what_is_not_in_the_list_has_no_price_rather_than_a_wrong_one(unit: str, region: str) -> None:
    assert price_of(unit, region) is None

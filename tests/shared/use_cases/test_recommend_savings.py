from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.idle import ObservedResource, ResourceKind
from shared.domain.idle_recommendation import Notes, recommend
from shared.domain.reservation import CACHES, Coverage, Reservation, ReservationAdvice, ReservationReport
from shared.use_cases.recommend_savings import RecommendSavings
from tests.fakes.clock import FrozenClock
from tests.fakes.idle import FakeRecommendationStore
from tests.fakes.reservations import FakeReservations


@pytest.mark.requirement("16.3")
async def test_advice_names_what_to_reserve_what_it_saves_and_the_command(clock: FrozenClock) -> None:
    advised = ReservationAdvice(
        service=CACHES,
        instance="cache.t4g.small",
        region="ap-south-1",
        engine="valkey",
        is_multi_az=False,
        count=4,
        term_years=1,
        payment="No Upfront",
        monthly_saving=Decimal("22.78"),
        upfront_cost=Decimal(0),
        on_demand_monthly=Decimal("75.92"),
        recurring_monthly=Decimal("53.14"),
        currency="USD",
        lookback_days=60,
        lowest_used=Decimal(4),
        average_used=Decimal(4),
        is_size_flexible=True,
        offering_id="0a1b",
    )
    coverage = Coverage(service=CACHES, days=30, on_demand_hours=Decimal(2880), reserved_hours=Decimal(0))
    ending = Reservation(
        service=CACHES, id="ri-1", instance="cache.t4g.small", count=2, ends_at=clock() + timedelta(days=9)
    )
    known = ReservationReport(coverage=(coverage,), advice=(advised,), reservations=(ending,))

    shown = await RecommendSavings(FakeReservations(known), FakeRecommendationStore(), clock)()

    assert shown["reservations"] == [
        {
            "service": CACHES,
            "instance": "cache.t4g.small",
            "region": "ap-south-1",
            "engine": "valkey",
            "multi_az": False,
            "size_flexible": True,
            "count": 4,
            "term_years": 1,
            "payment": "No Upfront",
            "monthly_saving": "22.78",
            "upfront_cost": "0",
            "recurring_monthly": "53.14",
            "on_demand_monthly": "75.92",
            "currency": "USD",
            "lookback_days": 60,
            "break_even_months": 9,
            "offering_id": "0a1b",
            "command": "aws elasticache purchase-reserved-cache-nodes-offering --region ap-south-1 "
            "--reserved-cache-nodes-offering-id 0a1b --cache-node-count 4",
        }
    ]
    assert shown["coverage"] == [
        {
            "service": CACHES,
            "days": 30,
            "on_demand_hours": "2880",
            "reserved_hours": "0",
            "percent": "0.0",
            "utilisation_percent": None,
        }
    ]
    assert [item["id"] for item in shown["ending"]] == ["ri-1"]  # type: ignore[index, union-attr, call-overload]


@pytest.mark.requirement("16.5")
async def test_idle_resources_that_were_recommended_are_shown_with_price_and_action(clock: FrozenClock) -> None:
    address = ObservedResource(
        kind=ResourceKind.ADDRESS, arn="arn:address", name="eipalloc-1", is_idle=True, unit="address"
    )
    since = datetime(2026, 3, 1, tzinfo=UTC)
    found = recommend(address, since=since, region="ap-south-1", stack="vaani-dev")
    told = replace(found, told_at=since + timedelta(days=1))
    store = FakeRecommendationStore(Notes(recommendations=(told, replace(found, key="arn:not-yet-told"))))

    shown = await RecommendSavings(FakeReservations(), store, clock)()

    assert shown["idle"] == [
        {
            "kind": "address",
            "resource": "arn:address",
            "name": "eipalloc-1",
            "idle_since": "2026-03-01T00:00:00+00:00",
            "monthly_cost": "3.65",
            "assumption": "1 x address at 0.005 USD per hour, list price of ap-south-1, 2026-11.",
            "action": "a public address that is attached to nothing. "
            "The same address cannot be had again: look whether somebody allows it in a list.",
            "commands": ["aws ec2 release-address --allocation-id eipalloc-1 --region ap-south-1"],
            "told_at": "2026-03-02T00:00:00+00:00",
        }
    ]
